/**
 * Whether version `a` of a resource is no newer than `b`. Versions of one resource may be compared as decimal numbers
 * (KEP-5504); for anything else the answer is whether they are the same. Numbers may exceed what a double holds, so
 * digits are compared.
 */
export function isNoNewer(a: string | undefined, b: string | undefined): boolean {
  if (a === undefined || b === undefined) return false;
  if (!isNumber(a) || !isNumber(b)) return a === b;
  return a.length === b.length ? a <= b : a.length < b.length;
}

function isNumber(version: string): boolean {
  return /^[1-9][0-9]*$/.test(version);
}
