import { createHash } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';

import { bytesPerElement, type HostTensor } from '../tensorflow/host-tensor.ts';

/** SHA-256 over names, shapes and bits of the tensors, as hex. */
export function hashTensors(tensors: readonly HostTensor[]): string {
  const hash = createHash('sha256');
  for (const tensor of tensors) addTo(hash, tensor);
  return hash.digest('hex');
}

/**
 * As {@link hashTensors}, one tensor a turn of the event loop: all of a ResNet-50 with its momentum at once would keep
 * the next steps from starting for a fifth of a second.
 */
export async function hashTensorsInTurns(tensors: readonly HostTensor[]): Promise<string> {
  const hash = createHash('sha256');
  for (const tensor of tensors) {
    addTo(hash, tensor);
    await setImmediate();
  }
  return hash.digest('hex');
}

function addTo(hash: ReturnType<typeof createHash>, { name, dtype, shape, data }: HostTensor): void {
  hash.update(`${name} ${dtype} ${shape.join(',')} ${data.length / bytesPerElement[dtype]}\n`).update(data);
}
