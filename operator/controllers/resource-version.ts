/**
 * Whether an object of one version is at least as new as another. Versions of one resource are numbers that grow, which
 * Kubernetes promises since 1.35 and has done since its beginning; of anything else only equality can be told.
 */
export function isAtLeast(version: string | undefined, wanted: string | undefined): boolean {
  if (version === undefined || wanted === undefined) return false;
  const isNumber = /^[0-9]+$/;
  return isNumber.test(version) && isNumber.test(wanted)
    ? BigInt(version) >= BigInt(wanted)
    : version === wanted;
}
