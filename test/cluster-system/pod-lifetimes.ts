import { labels } from '../../operator/api/v1alpha1/group.ts';
import { resourceTypes, type Cluster } from '../../operator/cluster/cluster.ts';
import { isFinished } from '../../operator/plan/gang.ts';

/** Measures how long pods live, by the clock of who watches. */
export interface PodLifetimes {
  /** From the making of each pod of a run to its end, together. */
  ofRunMs(run: string): number;
  close(): Promise<void>;
}

export async function watchPodLifetimes(cluster: Cluster): Promise<PodLifetimes> {
  const lifetime = new AbortController();
  const lives = new Map<
    string,
    { readonly run: string | undefined; readonly fromMs: number; toMs?: number }
  >();
  const synced = Promise.withResolvers<undefined>();
  const follow = async () => {
    for await (const event of cluster.watch(resourceTypes.pods, {}, lifetime.signal)) {
      if (event.type === 'synced') {
        synced.resolve(undefined);
        continue;
      }
      const { uid = '', labels: given } = event.object.metadata;
      const life = lives.get(uid) ?? { run: given?.[labels.run], fromMs: Date.now() };
      lives.set(uid, life);
      if (event.type === 'deleted' || isFinished(event.object)) life.toMs ??= Date.now();
    }
  };
  const followed = follow();
  await synced.promise;
  return {
    ofRunMs: (name) =>
      [...lives.values()]
        .filter(({ run }) => run === name)
        .reduce((sum, { fromMs, toMs = NaN }) => sum + toMs - fromMs, 0),
    close: async () => {
      lifetime.abort();
      await followed;
    },
  };
}
