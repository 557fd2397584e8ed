import type { ResolvedSpec } from '../../operator/api/v1alpha1/resolved-spec.ts';
import { initialValues } from '../model/initializers.ts';
import type { Network } from '../model/network.ts';
import { startTensorFlow, type TensorFlow } from '../tensorflow/tensorflow.ts';
import { createReplica } from './replica-factory.ts';
import type { Replica } from './replica.ts';
import type { StepSettings } from './step-settings.ts';
import type { Teacher } from './teacher.ts';

export interface ReplicaPlace {
  /** As {@link tensorFlowOnce} makes it. */
  readonly tensorflow: () => TensorFlow;
  readonly teacher: Teacher | undefined;
}

export interface ProcessPlace {
  readonly rank: number;
  /** `host:port` of every rank's collective server, by rank. */
  readonly addresses: readonly string[];
  /** Threads for TensorFlow's kernels. The same number is needed for the same bits. */
  readonly threads: number;
}

/** TensorFlow in this process, started when it is first asked for. */
export function tensorFlowOnce({ rank, addresses, threads }: ProcessPlace): () => TensorFlow {
  let started: TensorFlow | undefined;
  return () => {
    started ??= startTensorFlow({
      threads: { intraOp: threads, interOp: threads },
      ...(addresses.length > 1 ? { cluster: { rank, addresses } } : {}),
    });
    return started;
  };
}

/**
 * Puts a network on the device of this process, with the initial weights of its spec.
 */
export async function buildReplica(
  network: Network,
  spec: Pick<ResolvedSpec, 'model' | 'recipe'>,
  { tensorflow, teacher }: ReplicaPlace,
): Promise<Replica> {
  const { model, recipe } = spec;
  return createReplica({
    tensorflow: tensorflow(),
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
  const { distillation, averaging, precision, optimizer, fineTuning } = recipe;
  return {
    network,
    batchNorm: model.batchNorm,
    optimizer,
    lossScaled: precision.lossScale !== 'none',
    ...(teacher === undefined || distillation === undefined
      ? {}
      : { teacher: { network: teacher.network, weights: distillation } }),
    ...(averaging === undefined ? {} : { averagingDecay: averaging.decay }),
    fineTuning,
  };
}
