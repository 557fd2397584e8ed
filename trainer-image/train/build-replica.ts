import type { ResolvedSpec } from '../../operator/api/v1alpha1/resolved-spec.ts';
import { initialValues } from '../model/initializers.ts';
import type { Network } from '../model/network.ts';
import { startTensorFlow } from '../tensorflow/tensorflow.ts';
import { createReplica } from './replica-factory.ts';
import type { Replica } from './replica.ts';

export interface ReplicaPlace {
  readonly rank: number;
  /** `host:port` of every rank's collective server, by rank. */
  readonly addresses: readonly string[];
  /** Threads for TensorFlow's kernels. The same number is needed for the same bits. */
  readonly threads: number;
}

/** Starts TensorFlow in this process, once, and puts a network on its device with the initial weights of its spec. */
export async function buildReplica(
  network: Network,
  { model, recipe }: Pick<ResolvedSpec, 'model' | 'recipe'>,
  { rank, addresses, threads }: ReplicaPlace,
): Promise<Replica> {
  const tensorflow = startTensorFlow({
    threads: { intraOp: threads, interOp: threads },
    ...(addresses.length > 1 ? { cluster: { rank, addresses } } : {}),
  });
  const { momentum, weightDecay, decayBiasAndNorm } = recipe.optimizer;
  return createReplica({
    tensorflow,
    network,
    optimizer: { momentum, weightDecay, decayBiasAndNorm },
    initialValues: initialValues(network, {
      initializer: model.initializer,
      zeroGamma: model.zeroGamma,
      seed: recipe.seed,
    }),
  });
}
