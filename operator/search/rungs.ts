import type { Stopping } from '../api/v1alpha1/training-sweep-spec.ts';

/** Milestones of the median rule: twice as far each time. */
const medianFactor = 2;
/** As many values as a row of the status holds. */
const maxRungs = 10;

/**
 * Epochs at which trials are compared, below the length of a whole trial: `minEpochs`, then each so many times as long.
 */
export function rungEpochs({ algorithm, minEpochs, reductionFactor }: Stopping, epochs: number): number[] {
  if (algorithm === 'none') return [];
  const factor = algorithm === 'asha' ? reductionFactor : medianFactor;
  const rungs: number[] = [];
  for (let rung = minEpochs; rung < epochs && rungs.length < maxRungs; rung *= factor) rungs.push(rung);
  return rungs;
}

/**
 * The values of a trial at its rungs with a new evaluation among them. A rung gets the first evaluation that is seen at
 * or after it; of several that an evaluation passes at once, all get it, so that none is left out of comparisons.
 */
export function withEvaluation(
  values: readonly number[],
  rungs: readonly number[],
  { value, epoch }: { readonly value: number; readonly epoch: number },
): readonly number[] {
  const passed = rungs.filter((rung) => rung <= epoch).length;
  return passed <= values.length
    ? values
    : [...values, ...Array.from({ length: passed - values.length }, () => value)];
}
