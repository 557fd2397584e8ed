import { resourceTypes, type Cluster } from '../../../operator/cluster/cluster.ts';
import type { Contestant } from './contestant.ts';

/** When things happened to one run, in milliseconds of `performance.now()`. */
export interface RunTimes {
  /** When each pod was first seen, in order. */
  readonly podsAtMs: number[];
  /** When each pod was first seen running, in order. */
  readonly runningAtMs: number[];
  /** Name of the pod that was seen last. */
  newestPod?: string;
  succeededAtMs?: number;
}

/** Notes when pods and runs are seen to change. */
export interface RunClock {
  of(run: string): RunTimes;
  close(): Promise<void>;
}

/** Follows the pods and runs of a namespace. */
export function startRunClock(cluster: Cluster, namespace: string, contestant: Contestant): RunClock {
  const lifetime = new AbortController();
  const times = new Map<string, RunTimes>();
  const of = (run: string) => {
    const known = times.get(run) ?? { podsAtMs: [], runningAtMs: [] };
    times.set(run, known);
    return known;
  };
  const started = new Set<string>();
  const followPods = async () => {
    for await (const event of cluster.watch(resourceTypes.pods, { namespace }, lifetime.signal)) {
      if (event.type === 'synced' || event.type === 'deleted') continue;
      const { metadata, status } = event.object;
      const run = metadata.labels?.[contestant.runLabel];
      if (run === undefined) continue;
      if (event.type === 'added') {
        of(run).podsAtMs.push(performance.now());
        of(run).newestPod = metadata.name;
      }
      if (status?.phase !== 'Running' || started.has(metadata.uid ?? '')) continue;
      started.add(metadata.uid ?? '');
      of(run).runningAtMs.push(performance.now());
    }
  };
  const followRuns = async () => {
    for await (const event of cluster.watch(contestant.type, { namespace }, lifetime.signal)) {
      if (event.type === 'synced' || !contestant.hasSucceeded(event.object)) continue;
      of(event.object.metadata.name).succeededAtMs ??= performance.now();
    }
  };
  const followed = [followPods(), followRuns()];
  return {
    of,
    close: async () => {
      lifetime.abort();
      await Promise.all(followed);
    },
  };
}
