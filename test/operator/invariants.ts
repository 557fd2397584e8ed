import { labels } from '../../operator/api/v1alpha1/group.ts';
import type { TrainingRun } from '../../operator/api/v1alpha1/training-run.ts';
import type { Pod } from '../../operator/api/wire.ts';
import { isFinished } from '../../operator/plan/gang.ts';
import { isFinalPhase } from '../../operator/plan/phases.ts';
import { resourceTypes, type Cluster, type WatchEvent } from '../../operator/cluster/cluster.ts';

/** Follows everything that happens to runs and pods, and notes what never may. */
export interface InvariantWatch {
  /** What was broken, in words; empty when nothing was. */
  readonly broken: readonly string[];
  /** How often a pod of this name and run was created. */
  creations(): ReadonlyMap<string, number>;
  close(): Promise<void>;
}

/** The states that a watch told come in the order in which they were, so nothing is missed between two looks. */
export async function watchInvariants(cluster: Cluster): Promise<InvariantWatch> {
  const lifetime = new AbortController();
  const broken: string[] = [];
  const created = new Map<string, number>();
  /** Pods whose processes may run, by run UID and attempt. */
  const alive = new Map<string, Map<string, string>>();
  const runs = new Map<string, TrainingRun>();

  const onPod = (event: WatchEvent<Pod>) => {
    if (event.type === 'synced') return;
    const { metadata } = event.object;
    const { [labels.runUid]: runUid, [labels.attempt]: attempt } = metadata.labels ?? {};
    const owner = metadata.ownerReferences?.find(({ controller }) => controller === true);
    if (runUid === undefined || attempt === undefined || owner?.uid !== runUid) return;
    const ofRun = alive.get(runUid) ?? new Map<string, string>();
    alive.set(runUid, ofRun);
    if (event.type === 'added') {
      const key = `${runUid}/${metadata.name}`;
      created.set(key, (created.get(key) ?? 0) + 1);
    }
    if (event.type === 'deleted' || isFinished(event.object)) ofRun.delete(metadata.name);
    else ofRun.set(metadata.name, attempt);
    const attempts = new Set(ofRun.values());
    if (attempts.size > 1)
      broken.push(`pods of two attempts are alive at once: ${[...ofRun.keys()].join(', ')}`);
  };
  const onRun = (event: WatchEvent<TrainingRun>) => {
    if (event.type === 'synced') return;
    const { object: run, type } = event;
    const key = run.metadata.uid ?? '';
    const before = runs.get(key)?.status;
    if (type === 'deleted') runs.delete(key);
    else runs.set(key, run);
    const after = run.status;
    if (before === undefined || after === undefined) return;
    const name = run.metadata.name;
    if (isFinalPhase(before.phase) && after.phase !== before.phase)
      broken.push(`run ${name} went from ${String(before.phase)} to ${String(after.phase)}`);
    if ((after.attempt ?? 0) < (before.attempt ?? 0)) broken.push(`the attempt of run ${name} went down`);
    if ((after.restarts?.total ?? 0) < (before.restarts?.total ?? 0))
      broken.push(`the restarts of run ${name} went down`);
    if ((after.observedGeneration ?? 0) < (before.observedGeneration ?? 0))
      broken.push(`the observed generation of run ${name} went down`);
  };

  const synced = [Promise.withResolvers<undefined>(), Promise.withResolvers<undefined>()] as const;
  const followPods = async () => {
    for await (const event of cluster.watch(resourceTypes.pods, {}, lifetime.signal)) {
      onPod(event);
      if (event.type === 'synced') synced[0].resolve(undefined);
    }
  };
  const followRuns = async () => {
    for await (const event of cluster.watch(resourceTypes.trainingRuns, {}, lifetime.signal)) {
      onRun(event);
      if (event.type === 'synced') synced[1].resolve(undefined);
    }
  };
  const followed = [followPods(), followRuns()];
  await Promise.all(synced.map(({ promise }) => promise));
  return {
    broken,
    creations: () => created,
    close: async () => {
      lifetime.abort();
      await Promise.all(followed);
    },
  };
}
