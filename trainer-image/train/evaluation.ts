import { RingmasterError } from '../../operator/base/errors.ts';
import type { TrainingInput } from '../data/training-input.ts';
import type { Replica } from './replica.ts';

/** Accuracy and loss over the whole validation set. */
export interface Validation {
  /** Shares of the validation set, 0 to 1. */
  readonly top1: number;
  readonly top5: number;
  /** Mean cross-entropy with hard labels. */
  readonly loss: number;
  /** Images, each counted once. */
  readonly count: number;
}

export interface EvaluationParts {
  readonly replica: Pick<Replica, 'evaluate' | 'allReduceSum'>;
  readonly input: Pick<TrainingInput, 'evaluationBatches' | 'validationSize'>;
  /** Whether this rank was asked to stop. Ranks agree on the answer at the end, as they must go on alike. */
  readonly stopRequested: () => boolean;
}

/**
 * Evaluates this rank's share and adds up the shares of all ranks: counts are whole numbers, so the accuracy is the
 * same for any world size. Collective.
 * @returns `interrupted` on every rank if any was asked to stop
 */
export async function evaluate({
  replica,
  input,
  stopRequested,
}: EvaluationParts): Promise<Validation | 'interrupted'> {
  let [lossSum, top1, top5, count] = [0, 0, 0, 0];
  for await (const batch of input.evaluationBatches()) {
    if (stopRequested()) break;
    const sums = await replica.evaluate(batch);
    lossSum += sums.lossSum;
    top1 += sums.top1;
    top5 += sums.top5;
    count += sums.count;
  }
  const own = [lossSum, top1, top5, count, stopRequested() ? 1 : 0];
  const [allLoss = NaN, allTop1 = NaN, allTop5 = NaN, allCount = NaN, stops = NaN] =
    await replica.allReduceSum(own);
  if (stops > 0) return 'interrupted';
  if (allCount !== input.validationSize) {
    throw new RingmasterError(
      'Internal',
      `Evaluation saw ${allCount} images, but the validation set has ${input.validationSize}.`,
    );
  }
  return { top1: allTop1 / allCount, top5: allTop5 / allCount, loss: allLoss / allCount, count: allCount };
}
