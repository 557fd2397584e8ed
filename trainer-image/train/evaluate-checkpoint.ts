import { readWeights } from '../checkpoint/read-checkpoint.ts';
import { openTrainingInput } from '../data/training-input.ts';
import { resNet } from '../model/resnet.ts';
import { openStorage } from '../storage/open-storage.ts';
import type { StorageAccess } from '../storage/storage-access.ts';
import { buildReplica, tensorFlowOnce } from './build-replica.ts';
import { fromCheckpointLayout } from './checkpoint-tensors.ts';
import { evaluate, type Validation } from './evaluation.ts';

export interface CheckpointEvaluation extends Validation {
  /** Finished steps and epochs of the checkpoint. */
  readonly step: number;
  readonly epoch: number;
}

export interface EvaluateCheckpointOptions {
  /** Folder of the checkpoint. */
  readonly uri: string;
  /** Where the validation images are. Default: where the run that wrote the checkpoint had them. */
  readonly data?: string;
  readonly threads: number;
  /** How to reach the checkpoint in object storage. */
  readonly storage: StorageAccess;
}

/**
 * Accuracy and loss of a checkpoint over the whole validation set, with the network that its `state.json` describes
 * and the code that evaluates during training.
 * @throws CorruptCheckpoint if it does not verify
 * @throws InvalidData if the images are missing or damaged
 */
export async function evaluateCheckpoint(options: EvaluateCheckpointOptions): Promise<CheckpointEvaluation> {
  const { tensors, state } = await readWeights(openStorage(options.uri, options.storage), '');
  const { data } = options;
  const spec =
    data === undefined
      ? state.spec
      : { ...state.spec, data: { ...state.spec.data, train: data, validation: data } };
  const { threads, storage } = options;
  const tensorflow = tensorFlowOnce({ rank: 0, addresses: [], threads });
  const native = () => tensorflow().native;
  const input = await openTrainingInput(spec, { rank: 0, worldSize: 1 }, { native, threads, storage });
  const network = resNet(spec.model);
  // The file has the averaged weights in place of the last, if averages were kept.
  const recipe = { ...spec.recipe, averaging: undefined };
  const place = { tensorflow, teacher: undefined };
  const replica = await buildReplica(network, { model: spec.model, recipe }, place);
  try {
    await replica.restore(fromCheckpointLayout(tensors, network));
    const validation = await evaluate({ replica, input, stopRequested: () => false });
    if (validation === 'interrupted') throw new TypeError('nobody asked to stop');
    return { ...validation, step: state.step, epoch: state.epoch };
  } finally {
    await replica.close();
    await input.close();
  }
}
