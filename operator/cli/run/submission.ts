import type { TrainingRun } from '../../api/v1alpha1/training-run.ts';
import type { KubernetesObject } from '../../api/wire.ts';
import { resourceTypes, type Cluster, type ObjectKey } from '../../cluster/cluster.ts';
import { CommandError } from '../command-error.ts';
import { nameOf } from '../display/run-block.ts';
import { formatChange, specChanges, type SpecChange } from './spec-changes.ts';

/** What becomes of a manifest, given the run of that name that is there already. */
export type Submission =
  | { readonly kind: 'create' }
  /** It was interrupted: a crash or a lost machine. The controller goes on where it was. */
  | { readonly kind: 'continue' }
  /** It was suspended, by Ctrl-C for example. */
  | { readonly kind: 'resume' }
  | { readonly kind: 'finished' }
  | { readonly kind: 'changed'; readonly changes: readonly SpecChange[] };

/** Decides without acting. Whether a run is suspended is its state here, not a part of what is asked for. */
export function decideSubmission(existing: TrainingRun | undefined, wanted: TrainingRun): Submission {
  if (existing === undefined) return { kind: 'create' };
  const changes = specChanges({ ...existing.spec, suspend: false }, { ...wanted.spec, suspend: false });
  if (changes.length > 0) return { kind: 'changed', changes };
  if (isFinished(existing)) return { kind: 'finished' };
  return { kind: existing.spec.suspend ? 'resume' : 'continue' };
}

/** A run that was handed over, and how. */
export interface SubmittedRun {
  readonly run: TrainingRun;
  readonly kind: 'create' | 'continue' | 'resume' | 'finished';
}

/**
 * Hands a run over, or goes on with the one that is there.
 * @throws CommandError when a run of that name has another spec
 */
export async function submitRun(cluster: Cluster, wanted: TrainingRun): Promise<SubmittedRun> {
  const key = keyOf(wanted);
  const existing = await cluster.get<TrainingRun>(resourceTypes.trainingRuns, key);
  const submission = decideSubmission(existing, wanted);
  if (submission.kind === 'changed') throw changedError(wanted, submission.changes);
  const { kind } = submission;
  if (existing === undefined)
    return { kind, run: await cluster.create<TrainingRun>(resourceTypes.trainingRuns, wanted) };
  if (kind !== 'resume') return { kind, run: existing };
  const patch = { spec: { suspend: false } };
  return { kind, run: await cluster.patch<TrainingRun>(resourceTypes.trainingRuns, key, patch) };
}

/** Deletes a run, if it is there, and waits until it is gone. Its checkpoints stay. */
export async function removeRun(cluster: Cluster, key: ObjectKey): Promise<void> {
  const existing = await cluster.get<TrainingRun>(resourceTypes.trainingRuns, key);
  if (existing === undefined) return;
  await cluster.delete(resourceTypes.trainingRuns, key);
  const watching = new AbortController();
  try {
    const { namespace } = key;
    let isThere = false;
    for await (const event of cluster.watch<TrainingRun>(
      resourceTypes.trainingRuns,
      { namespace },
      watching.signal,
    )) {
      if (event.type !== 'synced' && event.object.metadata.uid === existing.metadata.uid) {
        isThere = event.type !== 'deleted';
      }
      // Before `synced`, what exists has not been told in full.
      if (!isThere && event.type !== 'added') return;
    }
  } finally {
    watching.abort();
  }
}

/** Whether nothing more will happen to a run. */
export function isFinished({ status }: TrainingRun): boolean {
  return status?.phase === 'Succeeded' || status?.phase === 'Failed';
}

/** Namespace and name of an object. */
export function keyOf({ metadata }: KubernetesObject): ObjectKey {
  return { namespace: metadata.namespace ?? 'default', name: metadata.name };
}

function changedError(wanted: TrainingRun, changes: readonly SpecChange[]): CommandError {
  return new CommandError(
    [
      `the run ${nameOf(wanted)} exists with another spec:`,
      ...changes.map((change) => `  ${formatChange(change)}`),
      'Give the new one another metadata.name, or pass --replace to delete the old one and start anew (its checkpoints stay).',
    ].join('\n'),
  );
}
