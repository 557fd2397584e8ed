import type { Model } from '../../../operator/api/v1alpha1/model.ts';
import { floatValues } from '../../../trainer-image/tensorflow/host-tensor.ts';
import type { ComputePrecision } from '../../../trainer-image/tensorflow/precision/compute-precision.ts';
import { createReplica } from '../../../trainer-image/train/replica-factory.ts';
import { momentumName } from '../../../trainer-image/train/step-settings.ts';
import { traceBatch, traceInitialValues, traceLearningRate, traceNetwork } from '../trace-network.ts';
import { answerTask } from './answer-task.ts';

export interface TraceTask {
  readonly precision: ComputePrecision;
  readonly smoothing: number;
  readonly decayBiasAndNorm: boolean;
  readonly zeroGamma: boolean;
  readonly batchNorm: Model['batchNorm'];
  /** Samples of each rank. */
  readonly shares: readonly number[];
  /** Weights every rank alike instead of every image: the mistake that uneven shares bring to light. */
  readonly naiveMean: boolean;
}

export interface TraceAnswer {
  readonly losses: readonly number[];
  readonly gradientNorms: readonly number[];
  /** L2 norms of the gradients of the first step, by parameter. */
  readonly firstGradients: Readonly<Record<string, number>>;
  /** L2 norms by tensor after the first and after the last step. */
  readonly afterFirst: Readonly<Record<string, number>>;
  readonly afterLast: Readonly<Record<string, number>>;
  readonly hash: string;
}

const weightDecay = 0.01;

await answerTask<TraceTask>(async (tensorflow, task) => {
  const { precision, smoothing, decayBiasAndNorm, zeroGamma, batchNorm, shares, naiveMean } = task;
  const replica = await createReplica({
    tensorflow,
    settings: {
      network: traceNetwork,
      batchNorm,
      optimizer: { name: 'nesterov', velocity: 'gradient', momentum: 0.9, weightDecay, decayBiasAndNorm },
      lossScaled: false,
    },
    precision,
    accumulationSteps: 1,
    initialValues: traceInitialValues({ zeroGamma }),
  });
  const values = async () => {
    const tensors = await replica.snapshot();
    return new Map(tensors.map((tensor) => [tensor.name, floatValues(tensor)]));
  };
  const norms = (tensors: Awaited<ReturnType<typeof values>>) =>
    Object.fromEntries([...tensors].map(([name, elements]) => [name, Math.hypot(...elements)] as const));

  const own = shares[tensorflow.rank] ?? 0;
  const first = shares.slice(0, tensorflow.rank).reduce((total, share) => total + share, 0);
  const batch = traceBatch(first, own, smoothing);
  const initial = await values();
  const losses: number[] = [];
  const gradientNorms: number[] = [];
  let firstGradients: Record<string, number> = {};
  let afterFirst: Record<string, number> = {};
  for (let step = 1; step <= 5; step++) {
    const outcome = await replica.step(batch, {
      learningRate: traceLearningRate(step),
      globalCount: naiveMean ? shares.length * own : 16,
      stopRequested: false,
    });
    losses.push(outcome.loss);
    gradientNorms.push(outcome.gradientNorm);
    if (step > 1) continue;
    const tensors = await values();
    afterFirst = norms(tensors);
    firstGradients = norms(gradientsIn(initial, tensors, decayBiasAndNorm));
  }
  const afterLast = norms(await values());
  const hash = naiveMean ? '' : await replica.verifyAgreement();
  return { losses, gradientNorms, firstGradients, afterFirst, afterLast, hash } satisfies TraceAnswer;
});

type Values = ReadonlyMap<string, ArrayLike<number>>;

/** The first momentum is the gradient and the decay of the initial value; without that it is the gradient. */
function gradientsIn(initial: Values, after: Values, decayBiasAndNorm: boolean) {
  const gradients = new Map<string, Float64Array<ArrayBuffer>>();
  for (const { name, kind } of traceNetwork.variables) {
    const momentum = after.get(momentumName(name));
    if (momentum === undefined) continue;
    const decay = kind === 'convolution' || kind === 'weight' || decayBiasAndNorm ? weightDecay : 0;
    const start = initial.get(name) ?? [];
    gradients.set(
      name,
      Float64Array.from(momentum, (value, index) => value - decay * (start[index] ?? NaN)),
    );
  }
  return gradients;
}
