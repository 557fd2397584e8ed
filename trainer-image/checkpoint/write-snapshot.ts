import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { toStorageError } from '../storage/storage-error.ts';
import type { HostTensor } from '../tensorflow/host-tensor.ts';
import { modelFile, optimizerFile, stateFile } from './checkpoint-layout.ts';
import { encodeSafetensors } from './safetensors.ts';
import type { TrainingState } from './training-state.ts';

/** How the momentum of a parameter is named after it. */
export const momentumSuffix = '.momentum';
/** How the last weights are named where the model's file has their moving average. */
export const lastSuffix = '.last';

/**
 * Writes the files of a checkpoint into a local folder, from where they are committed to storage.
 * @param tensors weights, statistics, momentum and last weights in the layout of torchvision, which `format: pt` promises
 * @throws StorageError if the folder cannot be written, with nothing promised about what is in it
 */
export async function writeSnapshot(
  folder: string,
  tensors: readonly HostTensor[],
  state: TrainingState,
): Promise<void> {
  const isResumed = ({ name }: HostTensor) => name.endsWith(momentumSuffix) || name.endsWith(lastSuffix);
  const metadata = { format: 'pt', step: String(state.step) };
  const files = {
    [modelFile]: encodeSafetensors(
      tensors.filter((tensor) => !isResumed(tensor)),
      metadata,
    ),
    [optimizerFile]: encodeSafetensors(tensors.filter(isResumed), metadata),
    [stateFile]: [Buffer.from(`${JSON.stringify(state, undefined, 2)}\n`)],
  };
  try {
    await mkdir(folder, { recursive: true });
    for (const [name, pieces] of Object.entries(files)) await writeFile(path.join(folder, name), pieces);
  } catch (error) {
    throw toStorageError(`write a snapshot to ${folder}`, error);
  }
}
