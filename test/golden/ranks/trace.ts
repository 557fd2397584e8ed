import { float32Values } from '../../../trainer-image/tensorflow/host-tensor.ts';
import { createReplica } from '../../../trainer-image/train/replica-factory.ts';
import { traceBatch, traceInitialValues, traceLearningRate, traceNetwork } from '../trace-network.ts';
import { answerTask } from './answer-task.ts';

export interface TraceTask {
  readonly smoothing: number;
  readonly decayBiasAndNorm: boolean;
  readonly zeroGamma: boolean;
  /** Samples of each rank. */
  readonly shares: readonly number[];
}

export interface TraceAnswer {
  readonly losses: readonly number[];
  readonly gradientNorms: readonly number[];
  /** L2 norms by tensor after the first and after the last step. */
  readonly afterFirst: Readonly<Record<string, number>>;
  readonly afterLast: Readonly<Record<string, number>>;
  readonly hash: string;
}

await answerTask<TraceTask>(async (tensorflow, { smoothing, decayBiasAndNorm, zeroGamma, shares }) => {
  const replica = await createReplica({
    tensorflow,
    settings: {
      network: traceNetwork,
      batchNorm: 'local',
      optimizer: {
        ...{ name: 'nesterov', velocity: 'gradient', momentum: 0.9, weightDecay: 0.01, decayBiasAndNorm },
      },
      lossScaled: false,
    },
    precision: 'float32',
    accumulationSteps: 1,
    initialValues: traceInitialValues({ zeroGamma }),
  });
  const norms = async () => {
    const tensors = await replica.snapshot();
    return Object.fromEntries(
      tensors.map((tensor) => [tensor.name, Math.hypot(...float32Values(tensor))] as const),
    );
  };
  const first = shares.slice(0, tensorflow.rank).reduce((total, share) => total + share, 0);
  const batch = traceBatch(first, shares[tensorflow.rank] ?? 0, smoothing);
  const losses: number[] = [];
  const gradientNorms: number[] = [];
  let afterFirst: Record<string, number> = {};
  for (let step = 1; step <= 5; step++) {
    const outcome = await replica.step(batch, {
      learningRate: traceLearningRate(step),
      globalCount: 16,
      stopRequested: false,
    });
    losses.push(outcome.loss);
    gradientNorms.push(outcome.gradientNorm);
    if (step === 1) afterFirst = await norms();
  }
  const afterLast = await norms();
  const hash = await replica.verifyAgreement();
  return { losses, gradientNorms, afterFirst, afterLast, hash } satisfies TraceAnswer;
});
