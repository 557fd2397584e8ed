const multipliers: Readonly<Record<string, number>> = {
  '': 1,
  m: 1e-3,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  P: 1e15,
  E: 1e18,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
  Pi: 2 ** 50,
  Ei: 2 ** 60,
};

/** What a Kubernetes quantity looks like in a manifest: `4`, `500m`, `200Gi`. */
export const quantityPattern = /^[0-9]+(\.[0-9]+)?(m|k|M|G|T|P|E|Ki|Mi|Gi|Ti|Pi|Ei)?$/;

/**
 * The plain number of a Kubernetes quantity (`200Gi` is 214748364800).
 * @throws RangeError when the text does not match {@link quantityPattern}
 */
export function parseQuantity(quantity: string | number): number {
  const text = String(quantity);
  const multiplier = multipliers[/[a-zA-Z]*$/.exec(text)?.[0] ?? ''];
  if (!quantityPattern.test(text) || multiplier === undefined) {
    throw new RangeError(`"${text}" is not a quantity such as 4, 500m or 200Gi`);
  }
  return Number.parseFloat(text) * multiplier;
}

/** A size for people, in the units of the quantities: `1.4 MiB`. */
export function formatBytes(sizeBytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'];
  let value = sizeBytes;
  let unit = 0;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit += 1;
  }
  return `${unit === 0 ? value : value.toFixed(1)} ${units[unit] ?? ''}`;
}
