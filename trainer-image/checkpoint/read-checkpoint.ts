import { joinKey, type Storage } from '../storage/storage.ts';
import type { HostTensor } from '../tensorflow/host-tensor.ts';
import { modelFile, optimizerFile, stateFile } from './checkpoint-layout.ts';
import { parseJson, type Manifest } from './manifest.ts';
import { decodeSafetensors } from './safetensors.ts';
import { TrainingState } from './training-state.ts';
import { readVerified, requireManifest } from './verify-checkpoint.ts';

/** What a checkpoint holds. Tensors are in the layout of torchvision. */
export interface CheckpointContent {
  readonly tensors: HostTensor[];
  readonly state: TrainingState;
}

/**
 * Weights, statistics, momentum and state of a checkpoint, each file compared with the manifest.
 * @param folder key of the step's folder; empty if the storage was opened at that folder
 * @throws CorruptCheckpoint if anything is missing or damaged
 */
export async function readCheckpoint(storage: Storage, folder: string): Promise<CheckpointContent> {
  const manifest = await requireManifest(storage, folder);
  return {
    state: await readState(storage, folder, manifest),
    tensors: [
      ...(await readTensors(storage, folder, manifest, modelFile)),
      ...(await readTensors(storage, folder, manifest, optimizerFile)),
    ],
  };
}

/** As {@link readCheckpoint}, but without the momentum: what evaluation, fine-tuning and a teacher need. */
export async function readWeights(storage: Storage, folder: string): Promise<CheckpointContent> {
  const manifest = await requireManifest(storage, folder);
  return {
    state: await readState(storage, folder, manifest),
    tensors: await readTensors(storage, folder, manifest, modelFile),
  };
}

/** The state of a checkpoint whose manifest is known. Throws as {@link readCheckpoint} does. */
export async function readState(
  storage: Storage,
  folder: string,
  manifest: Manifest,
): Promise<TrainingState> {
  const bytes = await readVerified(storage, folder, manifest, stateFile);
  return parseJson(bytes, `${storage.uri}/${joinKey(folder, stateFile)}`, TrainingState);
}

async function readTensors(
  storage: Storage,
  folder: string,
  manifest: Manifest,
  name: typeof modelFile | typeof optimizerFile,
): Promise<HostTensor[]> {
  const bytes = await readVerified(storage, folder, manifest, name);
  return decodeSafetensors(bytes, `${storage.uri}/${joinKey(folder, name)}`).tensors;
}
