import type { PodCondition } from '../api/wire.ts';

/** A condition as it is now, without its moment of change. */
export type ConditionNow = Omit<PodCondition, 'lastTransitionTime'>;

/** Conditions with some of them set; the moment of change moves only when the status of a condition does. */
export function setConditions(
  conditions: readonly PodCondition[],
  changes: readonly ConditionNow[],
  now: string,
): PodCondition[] {
  const result = new Map(conditions.map((condition) => [condition.type, condition]));
  for (const change of changes) {
    const before = result.get(change.type);
    const lastTransitionTime = before?.status === change.status ? (before.lastTransitionTime ?? now) : now;
    result.set(change.type, { ...change, lastTransitionTime });
  }
  return [...result.values()];
}
