/**
 * Asynchronous successive halving: Li et al., "A System for Massively Parallel Hyperparameter Tuning" (2020), algorithm
 * 2. A trial may go on past a rung while it is among the best 1/reductionFactor of all that have reached it; otherwise
 * it pauses, and is promoted later when enough worse ones have come. Nobody waits for a rung to fill.
 * @param losses of all trials at the rung, this one's among them, the best first
 */
export function mayPassRung(loss: number, losses: readonly number[], reductionFactor: number): boolean {
  const worstThatPasses = losses[Math.floor(losses.length / reductionFactor) - 1];
  return worstThatPasses !== undefined && loss <= worstThatPasses;
}
