import { createHash } from 'node:crypto';

import { bytesPerElement, type HostTensor } from '../tensorflow/host-tensor.ts';

/** SHA-256 over names, shapes and bits of the tensors, as hex. */
export function hashTensors(tensors: readonly HostTensor[]): string {
  const hash = createHash('sha256');
  for (const { name, dtype, shape, data } of tensors) {
    hash.update(`${name} ${dtype} ${shape.join(',')} ${data.length / bytesPerElement[dtype]}\n`).update(data);
  }
  return hash.digest('hex');
}

/**
 * A hash as numbers whose largest over all ranks tell whether all ranks have the same: pieces of 16 bits, and their
 * negatives, the largest of which is minus the smallest piece.
 */
export function agreementVector(hash: string): number[] {
  const pieces = hashPieces(hash);
  return [...pieces, ...pieces.map((piece) => -piece)];
}

/** Whether all ranks gave the same hash, from the element-wise largest of their agreement vectors. */
export function agreementReached(largest: readonly number[]): boolean {
  const half = largest.length / 2;
  return largest.slice(0, half).every((piece, index) => piece === -(largest[half + index] ?? Number.NaN));
}

function hashPieces(hash: string): number[] {
  return (hash.match(/.{4}/g) ?? []).map((digits) => Number.parseInt(digits, 16));
}
