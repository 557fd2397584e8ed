import {
  longestHistory,
  type EpochSummary,
  type TrainingResult,
} from '../../operator/api/trainer/progress.ts';
import type { ResolvedRecipe } from '../../operator/api/v1alpha1/recipe.ts';
import type { Clock } from '../../operator/base/clock.ts';
import { RingmasterError } from '../../operator/base/errors.ts';
import type { Logger } from '../../operator/base/logging.ts';
import type { ImageBatch, TrainingInput } from '../data/training-input.ts';
import { initialLossScale, nextLossScale } from '../tricks/loss-scale.ts';
import { learningRateAt } from '../tricks/schedule.ts';
import { evaluate } from './evaluation.ts';
import { createPrefetch } from './prefetch.ts';
import type { ProgressReporter } from './progress-reporter.ts';
import type { Batch, Replica, StepOutcome } from './replica.ts';
import type { SnapshotWriter } from './snapshot-writer.ts';
import type { TrainingPlan } from './training-plan.ts';
import type { TrainingPosition } from './training-position.ts';

/** The loss or its gradient is not a number any more, or so large that it never comes back. */
export class Diverged extends RingmasterError {
  constructor(message: string) {
    super('Diverged', message);
  }
}

/**
 * A mean loss above this has exploded: the true class gets e^-10,000, where a blind guess among the most classes a
 * model can have costs 11.5. Batch normalisation makes a network blind to the scale of its weights, so that such a
 * loss need not overflow for hours.
 */
const explodedLoss = 10_000;

export interface TrainingParts {
  readonly replica: Replica;
  readonly input: TrainingInput;
  readonly plan: TrainingPlan;
  readonly recipe: ResolvedRecipe;
  readonly from: TrainingPosition;
  /** On rank 0 only. */
  readonly snapshots: SnapshotWriter | undefined;
  readonly reporter: ProgressReporter;
  readonly stopRequested: () => boolean;
  readonly clock: Clock;
  readonly log: Logger;
}

export type TrainingOutcome =
  | { readonly how: 'finished'; readonly result: Omit<TrainingResult, 'uri'> }
  | { readonly how: 'stopped'; readonly step: number };

/**
 * Trains from a position to the end, or until any rank is asked to stop. Every decision about what comes next follows
 * from the plan or from numbers that all ranks share, so all ranks call the same collectives in the same order.
 * @throws Diverged when the loss is not finite or explodes
 * @throws ReplicasDiverged when two ranks hold different weights at the end of an epoch or at a checkpoint
 */
export async function train(parts: TrainingParts): Promise<TrainingOutcome> {
  const { replica, input, plan, recipe, from, snapshots, reporter, stopRequested, clock, log } = parts;
  const startedAtMs = clock.monotonicMs();
  const batches = createPrefetch(
    (index, spare: ImageBatch | undefined) => input.trainingBatch(index, spare),
    from.step,
    plan.steps,
  );
  const history = [...from.history];
  const epochLosses = createMean(from.epochLoss);
  const epochSpeed = createSpeed(plan.batchSize);
  let step = from.step;
  let lossScale = from.lossScale ?? initialLossScale(recipe.precision);
  /** The batch of a step that was skipped: the same step is taken again, at a smaller scale. */
  let skipped: Batch | undefined;
  let savedStep = from.step;

  const trainSeconds = () => from.trainSeconds + (clock.monotonicMs() - startedAtMs) / 1000;

  async function takeStep(): Promise<StepOutcome> {
    const beganAtMs = clock.monotonicMs();
    const batch = skipped ?? (await batches.next());
    const dataWaitMs = clock.monotonicMs() - beganAtMs;
    const learningRate = learningRateAt(recipe.learningRate, plan, step);
    const { scale } = lossScale;
    const inputs = {
      ...{ learningRate, globalCount: plan.batchSize, lossScale: scale },
      stopRequested: stopRequested(),
    };
    const outcome = await replica.step(batch, inputs);
    const nextScale = nextLossScale(recipe.precision.lossScale, lossScale, outcome.finite);
    if (nextScale === undefined || outcome.loss > explodedLoss) {
      const culprit = outcome.finite ? undefined : await replica.findNotFinite(batch, inputs);
      throw new Diverged(
        describeDivergence(outcome, step + 1, plan.epochsAt(step + 1), learningRate, culprit),
      );
    }
    lossScale = nextScale;
    skipped = outcome.finite ? undefined : batch;
    if (outcome.finite) {
      step += 1;
      epochLosses.add(outcome.loss);
      log.debug({ step, loss: outcome.loss }, 'a step is finished');
    }
    const durationMs = clock.monotonicMs() - beganAtMs;
    epochSpeed.add(durationMs, outcome.finite);
    reporter.noteStep({ step, outcome, learningRate, lossScale: scale, dataWaitMs, durationMs });
    return outcome;
  }

  /** Compares the ranks and evaluates. Returns false when interrupted: the next attempt then does it. */
  async function closeEpoch(): Promise<boolean> {
    reporter.say('Evaluating');
    const beganAtMs = clock.monotonicMs();
    const validation = await evaluate({ replica, input, stopRequested });
    if (validation === 'interrupted') return false;
    const epoch = plan.epochsAt(step);
    const learningRate = learningRateAt(recipe.learningRate, plan, step - 1);
    const { top1, top5, loss: validationLoss } = validation;
    const imagesPerSecond = epochSpeed.take();
    const summary: EpochSummary = {
      epoch,
      trainLoss: epochLosses.take() ?? history.at(-1)?.trainLoss ?? validationLoss,
      learningRate,
      validationLoss,
      top1,
      top5,
      ...(imagesPerSecond === undefined ? {} : { imagesPerSecond }),
    };
    history.push(summary);
    if (history.length > longestHistory) history.shift();
    reporter.noteHistory(history);
    reporter.noteValidation(validation, epoch, clock.monotonicMs() - beganAtMs);
    reporter.say('Training');
    log.info(summary, `epoch ${epoch}`);
    return true;
  }

  async function save(mustSave: boolean): Promise<void> {
    const stalledSinceMs = clock.monotonicMs();
    await replica.verifyAgreement();
    const last = history.at(-1);
    const top1 = last?.epoch === plan.epochsAt(step) ? last.top1 : undefined;
    await snapshots?.save({
      position: {
        ...{ step, history: [...history], lossScale, epochLoss: epochLosses.read() },
        trainSeconds: trainSeconds(),
      },
      ...(top1 === undefined ? {} : { top1 }),
      mustSave,
      stalledSinceMs,
    });
    savedStep = step;
  }

  async function stop(): Promise<TrainingOutcome> {
    reporter.say('Stopping');
    // Nothing to save that the last checkpoint does not hold; a skipped step is skipped again.
    if (step > savedStep) await save(true);
    return { how: 'stopped', step };
  }

  try {
    reporter.say('Training');
    if (plan.endsEpoch(step) && history.at(-1)?.epoch !== plan.epochsAt(step)) {
      // The attempt before was stopped between the end of the epoch and its evaluation.
      if (!(await closeEpoch())) return await stop();
      if (step === plan.steps) await save(true);
    }
    while (step < plan.steps) {
      const outcome = await takeStep();
      if (outcome.stopRequested) return await stop();
      if (!outcome.finite) continue;
      if (plan.endsEpoch(step)) {
        if (!plan.checkpointDue(step)) await replica.verifyAgreement();
        if (!(await closeEpoch())) return await stop();
      }
      if (plan.checkpointDue(step)) await save(step === plan.steps);
    }
    return {
      how: 'finished',
      result: { ...finalAccuracy(history), epochs: plan.epochs, trainSeconds: trainSeconds() },
    };
  } finally {
    await batches.close();
  }
}

function finalAccuracy(history: readonly EpochSummary[]): { top1: number; top5: number } {
  const { top1, top5 } = history.at(-1) ?? {};
  if (top1 === undefined || top5 === undefined) {
    throw new RingmasterError('Internal', 'Training ended without an evaluation.');
  }
  return { top1, top5 };
}

function describeDivergence(
  outcome: StepOutcome,
  step: number,
  epoch: number,
  learningRate: number,
  culprit: string | undefined,
): string {
  return (
    `Training diverged: loss ${outcome.loss} and gradient norm ${outcome.gradientNorm} in step ${step} (epoch ${epoch.toFixed(2)}) at ` +
    `learning rate ${learningRate}${culprit === undefined ? '' : `; ${culprit} was the first that is not finite`}. ` +
    'Lower recipe.learningRate.base or raise recipe.learningRate.warmupEpochs.'
  );
}

/** The mean of what was added since it was last taken. */
function createMean({ sum, count } = { sum: 0, count: 0 }) {
  return {
    read: () => ({ sum, count }),
    add(value: number) {
      sum += value;
      count += 1;
    },
    take(): number | undefined {
      const mean = count === 0 ? undefined : sum / count;
      [sum, count] = [0, 0];
      return mean;
    },
  };
}

/** Images a second over the steps since it was last taken; a step that had to be taken again counts once. */
function createSpeed(batchSize: number) {
  let [images, totalMs] = [0, 0];
  return {
    add(durationMs: number, isFinished: boolean) {
      images += isFinished ? batchSize : 0;
      totalMs += durationMs;
    },
    take(): number | undefined {
      const speed = totalMs > 0 ? Math.round((10_000 * images) / totalMs) / 10 : undefined;
      [images, totalMs] = [0, 0];
      return speed;
    },
  };
}
