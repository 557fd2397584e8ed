/**
 * A fingerprint in hexadecimal digits as numbers whose largest over all ranks tell whether all ranks have the same: pieces of 16 bits, and their
 * negatives, the largest of which is minus the smallest piece.
 */
export function agreementVector(fingerprint: string): number[] {
  const pieces = piecesOf(fingerprint);
  return [...pieces, ...pieces.map((piece) => -piece)];
}

/** Whether all ranks gave the same fingerprint, from the element-wise largest of their agreement vectors. */
export function agreementReached(largest: readonly number[]): boolean {
  const half = largest.length / 2;
  return largest.slice(0, half).every((piece, index) => piece === -(largest[half + index] ?? Number.NaN));
}

function piecesOf(fingerprint: string): number[] {
  return (fingerprint.match(/.{4}/g) ?? []).map((digits) => Number.parseInt(digits, 16));
}
