import { isDeepStrictEqual } from 'node:util';
import type { TrainingRun } from '../api/v1alpha1/training-run.ts';
import type { Plan } from '../plan/plan.ts';

/** Failures that are told from what is not there, or has not happened, rather than from a pod that failed. */
const failuresOfAbsence: ReadonlySet<string> = new Set(['PodDeleted', 'StartTimeout', 'Hung', 'SpecChanged']);

/**
 * Whether the plan takes the run to another phase or attempt because something was *not* seen. Such a plan is never made
 * from caches alone: those of different resources lag behind by different times, and a pod that is not in one yet looks
 * like one that is gone. What was seen is so, however late it is seen: a pod that failed has failed. And the status is
 * written only if nobody wrote it since it was seen.
 */
export function restsOnAbsence({ status }: Plan, run: TrainingRun): boolean {
  const before = run.status ?? {};
  if (status.phase === before.phase && status.attempt === before.attempt) return false;
  switch (status.phase) {
    case 'Running':
    case 'Succeeded':
      // Every pod of the gang was seen.
      return false;
    case 'Suspending':
      // The spec was seen; otherwise it is the Workload that was not, or not as it is now.
      return !run.spec.suspend;
    case 'Starting':
    case 'Queued':
    case 'Suspended':
      // No pods were seen, which goes without saying for a run that nobody ever took up.
      return before.phase !== undefined;
    case 'Restarting':
    case 'Failed':
      return (
        status.lastFailure === undefined ||
        isDeepStrictEqual(status.lastFailure, before.lastFailure) ||
        failuresOfAbsence.has(status.lastFailure.reason)
      );
    default:
      return true;
  }
}
