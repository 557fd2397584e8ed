import type { ProgressStatus } from '../../operator/api/v1alpha1/status.ts';
import { toTimestamp } from '../../operator/base/clock.ts';
import type { TrainingPlan } from './training-plan.ts';

/** How much training time the rate is taken over: long enough to be calm, short enough to show a change. */
const windowMs = 10_000;
/** Weight of the past in the smoothed loss: about the last 20 steps count. */
const lossMemory = 0.95;

/** Smooths the figures of single steps for people to read. */
export interface ProgressMeter {
  /** @param durationMs from the end of the step before to the end of this one; evaluation and saving not included */
  noteStep(step: number, outcome: { readonly loss: number }, learningRate: number, durationMs: number): void;
  noteValidation(validation: NonNullable<ProgressStatus['validation']>, durationMs: number): void;
  read(nowMs: number): ProgressStatus;
}

/**
 * @param startStep finished steps at the beginning of this attempt
 * @param validation the last evaluation before it, if any
 */
export function createProgressMeter(
  plan: TrainingPlan,
  startStep: number,
  validation: ProgressStatus['validation'],
): ProgressMeter {
  const window: number[] = [];
  let windowTotalMs = 0;
  let step = startStep;
  let learningRate: number | undefined;
  let lossSum = 0;
  let lossWeight = 0;
  let evaluationMs = 0;

  const meanStepMs = () => windowTotalMs / window.length;
  const remainingMs = () => {
    const evaluations = plan.epochs - Math.floor(plan.epochsAt(step));
    return (plan.steps - step) * meanStepMs() + evaluations * evaluationMs;
  };

  return {
    noteStep(finished, { loss }, rate, durationMs) {
      step = finished;
      learningRate = rate;
      lossSum = lossMemory * lossSum + (1 - lossMemory) * loss;
      lossWeight = lossMemory * lossWeight + (1 - lossMemory);
      window.push(durationMs);
      windowTotalMs += durationMs;
      while (windowTotalMs > windowMs && window.length > 1) windowTotalMs -= window.shift() ?? 0;
    },
    noteValidation(latest, durationMs) {
      validation = latest;
      evaluationMs = durationMs;
    },
    read(nowMs) {
      return {
        epoch: Math.floor(plan.epochsAt(step) * 1000) / 1000,
        epochs: plan.epochs,
        step,
        steps: plan.steps,
        percent: Math.floor((100 * step) / plan.steps),
        ...(windowTotalMs > 0
          ? {
              imagesPerSecond: Math.round((10_000 * plan.batchSize) / meanStepMs()) / 10,
              etaSeconds: Math.round(remainingMs() / 1000),
            }
          : {}),
        ...(lossWeight > 0 ? { loss: lossSum / lossWeight } : {}),
        ...(learningRate === undefined ? {} : { learningRate }),
        ...(validation === undefined ? {} : { validation }),
        updatedAt: toTimestamp(nowMs),
      };
    },
  };
}
