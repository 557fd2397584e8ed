import { toTimestamp } from '../base/clock.ts';
import type { RunReason } from '../api/v1alpha1/reasons.ts';
import type { Condition, ConditionType, TrainingRunStatus } from '../api/v1alpha1/status.ts';
import type { TrainingRun } from '../api/v1alpha1/training-run.ts';
import type { ObjectMeta } from '../api/wire.ts';

/** The run whose status is decided, and when: what every condition records. */
export interface Occasion {
  readonly run: TrainingRun;
  readonly nowMs: number;
}

export interface ConditionChange<Reason extends string = RunReason> {
  readonly type: ConditionType;
  readonly status: 'True' | 'False';
  readonly reason: Reason;
  /** For people. It must not hold anything that changes by itself, such as a time that passes. */
  readonly message: string;
}

/** Longest message that the API accepts. */
const maxMessageLength = 2048;

/**
 * The conditions with some of them set. `lastTransitionTime` moves only when `status` does, so that it says since when;
 * a change that changes nothing gives back an equal list.
 */
export function setConditions(
  conditions: readonly Condition[] | undefined,
  changes: readonly ConditionChange<string>[],
  { run, nowMs }: { readonly run: { readonly metadata: ObjectMeta }; readonly nowMs: number },
): Condition[] {
  const byType = new Map((conditions ?? []).map((condition) => [condition.type, condition]));
  for (const { type, status, reason, message } of changes) {
    const old = byType.get(type);
    const shortened = message.slice(0, maxMessageLength);
    if (old?.status === status && old.reason === reason && old.message === shortened) continue;
    byType.set(type, {
      type,
      status,
      reason,
      message: shortened,
      ...(run.metadata.generation === undefined ? {} : { observedGeneration: run.metadata.generation }),
      lastTransitionTime: old?.status === status ? old.lastTransitionTime : toTimestamp(nowMs),
    });
  }
  return [...byType.values()];
}

/** Whether the status has this condition with status True. */
function isConditionTrue(status: TrainingRunStatus | undefined, type: ConditionType): boolean {
  return (
    status?.conditions?.some((condition) => condition.type === type && condition.status === 'True') ?? false
  );
}

/** Those of `types` that are True now, set to False. A condition that never was True is not invented. */
export function noLonger(
  status: TrainingRunStatus,
  types: readonly ConditionType[],
  reason: RunReason,
  message: string,
): ConditionChange[] {
  return types
    .filter((type) => isConditionTrue(status, type))
    .map((type) => ({ type, status: 'False', reason, message }));
}
