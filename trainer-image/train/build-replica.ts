import type { ResolvedSpec } from '../../operator/api/v1alpha1/resolved-spec.ts';
import { initialValues } from '../model/initializers.ts';
import type { Network } from '../model/network.ts';
import type { StorageAccess } from '../storage/storage-access.ts';
import { startTensorFlow } from '../tensorflow/tensorflow.ts';
import { createReplica } from './replica-factory.ts';
import type { Replica } from './replica.ts';
import type { StepSettings } from './step-settings.ts';
import { readTeacher, type Teacher } from './teacher.ts';

export interface ReplicaPlace {
  readonly rank: number;
  /** `host:port` of every rank's collective server, by rank. */
  readonly addresses: readonly string[];
  /** Threads for TensorFlow's kernels. The same number is needed for the same bits. */
  readonly threads: number;
  /** How to reach the teacher. */
  readonly storage: StorageAccess;
}

/**
 * Starts TensorFlow in this process, once, and puts a network on its device with the initial weights of its spec.
 * @throws IncompatibleCheckpoint if the teacher that the recipe names cannot teach this network
 */
export async function buildReplica(
  network: Network,
  spec: Pick<ResolvedSpec, 'model' | 'recipe'>,
  { rank, addresses, threads, storage }: ReplicaPlace,
): Promise<Replica> {
  const { model, recipe } = spec;
  const { distillation } = recipe;
  // Before TensorFlow starts: a teacher that does not fit is said sooner.
  const teacher =
    distillation === undefined ? undefined : await readTeacher(distillation.teacher, model, storage);
  const tensorflow = startTensorFlow({
    threads: { intraOp: threads, interOp: threads },
    ...(addresses.length > 1 ? { cluster: { rank, addresses } } : {}),
  });
  return createReplica({
    tensorflow,
    settings: stepSettings(network, spec, teacher),
    precision: recipe.precision.compute,
    accumulationSteps: recipe.accumulationSteps,
    initialValues: initialValues(network, {
      initializer: model.initializer,
      zeroGamma: model.zeroGamma,
      seed: recipe.seed,
    }),
    ...(teacher === undefined ? {} : { teacherValues: teacher.values }),
  });
}

/** What a spec says of a step. */
export function stepSettings(
  network: Network,
  { model, recipe }: Pick<ResolvedSpec, 'model' | 'recipe'>,
  teacher: Pick<Teacher, 'network'> | undefined,
): StepSettings {
  const { distillation, averaging, precision, optimizer } = recipe;
  return {
    network,
    batchNorm: model.batchNorm,
    optimizer,
    lossScaled: precision.lossScale !== 'none',
    ...(teacher === undefined || distillation === undefined
      ? {}
      : { teacher: { network: teacher.network, weights: distillation } }),
    ...(averaging === undefined ? {} : { averagingDecay: averaging.decay }),
  };
}
