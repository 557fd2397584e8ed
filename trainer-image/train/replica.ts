import { RingmasterError } from '../../operator/base/errors.ts';
import type { AllReduceTime } from '../tensorflow/all-reduce-time.ts';
import type { HostTensor } from '../tensorflow/host-tensor.ts';

/** This rank's share of one global batch. */
export interface Batch {
  /** NHWC, `count` images, already augmented and normalised. */
  readonly images: Float32Array | Float64Array;
  /** `count` rows of class probabilities: one-hot, smoothed or mixed. */
  readonly targets: Float32Array | Float64Array;
  /** Samples in this share, 1 or more; shares of one step may differ between ranks. */
  readonly count: number;
}

/** What changes from step to step and is not part of the batch. The same on all ranks but for `stopRequested`. */
export interface StepInputs {
  readonly learningRate: number;
  /** Samples in the whole batch over all ranks: the divisor of the mean loss. */
  readonly globalCount: number;
  /** This rank was asked to stop; the outcome says on every rank whether any rank was. */
  readonly stopRequested: boolean;
  /** Factor of the loss while its gradient is taken; 1 if absent. Without effect unless the replica scales. */
  readonly lossScale?: number;
}

export interface StepOutcome {
  /** Mean loss of the global batch before the update. */
  readonly loss: number;
  /**
   * False if loss or gradient was not finite; then weights, momentum, statistics and averages are as before the
   * step. The same on all ranks.
   */
  readonly finite: boolean;
  /** L2 norm of the global gradient, weight decay not included. */
  readonly gradientNorm: number;
  /** Samples of the global batch whose most probable class is that of their target. */
  readonly correct: number;
  /** True on every rank after the same step if any rank asked to stop. */
  readonly stopRequested: boolean;
  /** Mean divergence from the teacher at the temperature of distillation, if there is a teacher. */
  readonly teacherDivergence?: number;
  /** Absent in a world of one rank. */
  readonly allReduce?: AllReduceTime;
  /** All-reduces included. */
  readonly durationMs: number;
}

/** Sums over the samples of one rank's batch; add them up and divide by the count. */
interface EvaluationSums {
  readonly lossSum: number;
  readonly top1: number;
  readonly top5: number;
  readonly count: number;
}

/** Ranks that must be equal are not: a fault of hardware or of this program. */
export class ReplicasDiverged extends RingmasterError {
  constructor(message: string) {
    super('ReplicasDiverged', message);
  }
}

/**
 * One rank's network on its device. Every method but `evaluate`, `snapshot`, `restore` and `close` is collective
 * in a world of more than one rank: all ranks call it, in the same order, or all wait. Calls do not overlap: await
 * one before the next.
 *
 * Running statistics of batch normalisation are averaged over the ranks inside every step, so that they, like the
 * weights, are equal on all ranks at any time.
 */
export interface Replica {
  /** Trainable scalars of the model. */
  readonly parameterCount: number;
  /** One optimiser step on this rank's share of the global batch. */
  step(batch: Batch, inputs: StepInputs): Promise<StepOutcome>;
  /**
   * The first tensor, in the order of computation, that is not finite on any rank in the step that these would make:
   * `the images`, `the loss`, `the gradient of conv1.weight`. Changes nothing.
   * @returns undefined if none is on any single rank
   */
  findNotFinite(batch: Batch, inputs: StepInputs): Promise<string | undefined>;
  /** Sums over one batch with the running statistics, by the averaged weights if averages are kept. Not collective. */
  evaluate(batch: Batch): Promise<EvaluationSums>;
  /** Sums a small list of numbers over all ranks, in float64: exact for integers up to 2^53. */
  allReduceSum(values: readonly number[]): Promise<number[]>;
  /**
   * Compares a fingerprint of weights, statistics, momentum and averages over all ranks and returns it, 16 hexadecimal
   * digits.
   * @throws ReplicasDiverged if any rank holds other bits.
   */
  verifyAgreement(): Promise<string>;
  /**
   * Copies of weights, statistics, momentum and averages at a step boundary. Momentum is named `<parameter>.momentum`,
   * an average `<variable>.average`.
   */
  snapshot(): Promise<HostTensor[]>;
  /**
   * Puts a snapshot back. Needs every tensor of the model; momentum may be absent and is then zero, and averages then
   * begin with the weights. Momentum of what is frozen is passed over.
   */
  restore(tensors: readonly HostTensor[]): Promise<void>;
  /** Frees the device memory. The replica is of no use afterwards. */
  close(): Promise<void>;
}
