import type { ResolvedSpec } from '../../operator/api/v1alpha1/resolved-spec.ts';
import { resNet } from '../model/resnet.ts';
import type { Recording } from '../tensorflow/recording.ts';
import { startTensorFlow } from '../tensorflow/tensorflow.ts';
import { stepSettings } from './build-replica.ts';
import { replicaRecordings } from './replica-functions.ts';
import { teacherOf } from './teacher.ts';

/**
 * The training step of rank 0 as TensorFlow gets it: recorded, with the all-reduces of all ranks, in the precision of
 * the recipe. Of a step in pieces, the last piece with the update. Trains nothing and waits for nobody.
 * @throws IncompatibleCheckpoint if the teacher does not fit
 */
export async function recordTrainingStep(spec: ResolvedSpec): Promise<Recording> {
  const { model, recipe, pods, ranksPerPod } = spec;
  const { accumulationSteps, batchSize, precision } = recipe;
  const teacher = await teacherOf(spec, {});
  const worldSize = pods * ranksPerPod;
  const tensorflow = { ...startTensorFlow({ threads: { intraOp: 1, interOp: 1 } }), worldSize };
  const recordings = replicaRecordings(
    tensorflow,
    stepSettings(resNet(model), spec, teacher),
    precision.compute,
  );
  const count = Math.ceil(batchSize / worldSize / accumulationSteps);
  return accumulationSteps === 1 ? recordings.step(count) : recordings.accumulatedStep(count);
}
