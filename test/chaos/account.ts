import type { AttemptLog } from '../cluster-system/trainer-logs.ts';

/** What the trainers' logs say of the steps of a run. */
export interface StepAccount {
  readonly steps: number;
  /** All that were trained, those trained again counted again. */
  readonly stepsTrained: number;
  /** Those trained again, because the attempt before ended after its last checkpoint. */
  readonly stepsLost: number;
  /** The most that one attempt lost. */
  readonly mostLostAtOnce: number;
  /** What never may be, in words. */
  readonly broken: readonly string[];
}

/**
 * Adds up the steps that rank 0 of every attempt said it had finished. What a killed process had not yet written is not
 * in it, which is less than a step's time.
 */
export function accountOf(logs: readonly AttemptLog[], steps: number): StepAccount {
  const broken: string[] = [];
  let [stepsTrained, stepsLost, mostLostAtOnce, newestSaved, furthest] = [0, 0, 0, 0, 0];
  for (const { attempt, fromStep, steps: trained, saved } of logs) {
    if (fromStep !== undefined && fromStep < newestSaved)
      broken.push(`attempt ${attempt} began at step ${fromStep}, but ${newestSaved} was saved before`);
    const expected = trained.map((_, index) => (fromStep ?? 0) + index + 1);
    if (trained.some((step, index) => step !== expected[index]))
      broken.push(`attempt ${attempt} did not train its steps one after the other`);
    const lost = trained.filter((step) => step <= furthest).length;
    stepsTrained += trained.length;
    stepsLost += lost;
    mostLostAtOnce = Math.max(mostLostAtOnce, lost);
    furthest = Math.max(furthest, ...trained);
    newestSaved = Math.max(newestSaved, ...saved);
  }
  if (furthest !== steps) broken.push(`the last step trained is ${furthest}, not ${steps}`);
  return { steps, stepsTrained, stepsLost, mostLostAtOnce, broken };
}
