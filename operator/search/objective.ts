import type { TrainingRunStatus } from '../api/v1alpha1/status.ts';
import type { Objective } from '../api/v1alpha1/training-sweep-spec.ts';

/** What a trial has reached so far. */
export interface Measurement {
  readonly value: number;
  /** Epoch of the evaluation. */
  readonly epoch: number;
}

/** The objective at a run's last evaluation. */
export function measure(
  { metric }: Objective,
  { progress, result }: TrainingRunStatus,
): Measurement | undefined {
  const evaluation = progress?.validation;
  const value = (metric === 'loss' ? undefined : result?.[metric]) ?? evaluation?.[metric];
  const epoch = evaluation?.epoch ?? result?.epochs;
  return value === undefined || epoch === undefined || !Number.isFinite(value) ? undefined : { value, epoch };
}

/** The objective as a loss: lower is better, whatever the direction. */
export function lossOf({ metric, direction }: Objective, value: number): number {
  return (direction ?? (metric === 'loss' ? 'minimize' : 'maximize')) === 'minimize' ? value : -value;
}

/** Whether a value is as good as the sweep asks for. */
export function reachesGoal(objective: Objective, value: number): boolean {
  const { goal } = objective;
  return goal !== undefined && lossOf(objective, value) <= lossOf(objective, goal);
}
