/** The middle value; of an even number of values, the mean of the two in the middle. `undefined` of none. */
export function median(values: readonly number[]): number | undefined {
  const sorted = [...values].sort((left, right) => left - right);
  const upper = sorted[Math.floor(sorted.length / 2)];
  const lower = sorted[Math.ceil(sorted.length / 2) - 1];
  return upper === undefined || lower === undefined ? undefined : (lower + upper) / 2;
}

/**
 * Whether a trial is worse at a milestone than the median of the others there, and so is stopped: the median rule of
 * Golovin et al., "Google Vizier" (2017), section 3.2.2, on the values at the milestone.
 * @param others losses of the other trials at the milestone
 * @param minTrials so many others must have reached it
 */
export function isWorseThanMedian(loss: number, others: readonly number[], minTrials: number): boolean {
  const middle = median(others);
  return others.length >= minTrials && middle !== undefined && loss > middle;
}
