import type { TrainingRunStatus } from '../api/v1alpha1/status.ts';
import type { TrainingRun } from '../api/v1alpha1/training-run.ts';
import { attemptOf, type Gang } from './gang.ts';
import { templateHash, templateHashAnnotation } from './template-hash.ts';

/**
 * Whether a run of which no attempt is on record has pods of a first one, all made from its present spec and none on its
 * way out. They are made while its status is written, and whoever made them died, or somebody changed the run in that
 * moment; so the attempt is put on record and goes on with them. Other pods without a record have to go first.
 */
export function hasFirstAttempt(run: TrainingRun, status: TrainingRunStatus, { pods }: Gang): boolean {
  if (status.attempt !== undefined || pods.length === 0) return false;
  const hash = templateHash(run.spec);
  return pods.every(
    (pod) =>
      attemptOf(pod) === 1 &&
      pod.metadata.deletionTimestamp === undefined &&
      pod.metadata.annotations?.[templateHashAnnotation] === hash,
  );
}
