import { labels, trainerContainer } from '../../api/v1alpha1/group.ts';
import type { TrainingRun } from '../../api/v1alpha1/training-run.ts';
import type { Pod } from '../../api/wire.ts';
import { childController } from '../../base/abort.ts';
import { fromTimestamp, type Clock } from '../../base/clock.ts';
import { ClusterError, isClusterError } from '../../cluster/cluster-error.ts';
import { resourceTypes } from '../../cluster/cluster.ts';
import type { HttpCluster } from '../../cluster/http/open-http-cluster.ts';
import { isFinished, keyOf } from '../run/submission.ts';
import { parseLogLine } from './log-line.ts';
import type { LogReading, LogSource, PodLog } from './log-source.ts';
import { podOrigin } from './pod-origin.ts';
import { textLines } from './text-lines.ts';

/** Pause before a stream that broke is asked for again, in milliseconds. */
const reconnectMs = 1000;

/** The logs of the pods of a run that the cluster still has; they go with their pods. */
export function clusterLogs(cluster: HttpCluster, run: TrainingRun, clock: Clock): LogSource {
  const { namespace } = keyOf(run);
  const selection = { namespace, labels: { [labels.runUid]: run.metadata.uid ?? '' } };
  const logOf = (pod: Pod) => podLog(cluster, run, pod, clock);
  return {
    list: async () => {
      const pods = await cluster.list(resourceTypes.pods, selection);
      return pods
        .filter(hasStarted)
        .map(logOf)
        .filter((log) => log !== undefined);
    },
    async *follow(signal) {
      const following = childController(signal);
      const seen = new Set<string>();
      endWithRun(cluster, run, following);
      try {
        for await (const event of cluster.watch(resourceTypes.pods, selection, following.signal)) {
          if (event.type === 'synced' || event.type === 'deleted' || !hasStarted(event.object)) continue;
          const log = logOf(event.object);
          if (log !== undefined && !seen.has(log.pod)) yield log;
          seen.add(event.object.metadata.name);
        }
      } finally {
        following.abort();
      }
    },
  };
}

/** Aborts once nothing more will happen to the run. */
function endWithRun(cluster: HttpCluster, run: TrainingRun, following: AbortController): void {
  const { namespace } = keyOf(run);
  const wait = async () => {
    for await (const event of cluster.watch(resourceTypes.trainingRuns, { namespace }, following.signal)) {
      if (event.type === 'synced' || event.object.metadata.uid !== run.metadata.uid) continue;
      if (event.type === 'deleted' || isFinished(event.object)) return;
    }
  };
  wait().then(
    () => following.abort(),
    (error: unknown) => following.abort(error),
  );
}

/** Whether a pod has, or had, a container that can have written something. */
function hasStarted({ status }: Pod): boolean {
  return (status?.containerStatuses ?? []).some(
    ({ name, state }) =>
      name === trainerContainer && (state.running !== undefined || state.terminated !== undefined),
  );
}

function podLog(cluster: HttpCluster, run: TrainingRun, pod: Pod, clock: Clock): PodLog | undefined {
  const origin = podOrigin(run.metadata.name, pod.metadata.name);
  if (origin === undefined) return undefined;
  const key = { namespace: keyOf(run).namespace, name: pod.metadata.name };
  const isGoing = async () => {
    const now = await cluster.get(resourceTypes.pods, key);
    return now?.metadata.uid === pod.metadata.uid && now?.status?.phase === 'Running';
  };
  return {
    ...origin,
    async *lines({ follow, tail }: LogReading, signal) {
      /** Moment of the last line, and the lines of that moment: a stream that begins again repeats them. */
      let last: string | undefined;
      let repeated = new Set<string>();
      let timeMs = 0;
      const options = { container: trainerContainer, follow };
      for (;;) {
        const part =
          last === undefined ? (tail === undefined ? {} : { tailLines: tail }) : { sinceTime: last };
        try {
          const skip = repeated;
          for await (const stamped of textLines(await cluster.podLog(key, { ...options, ...part }, signal))) {
            if (skip.has(stamped)) continue;
            const [moment, text] = splitMoment(stamped);
            if (moment !== last) repeated = new Set();
            repeated.add(stamped);
            last = moment ?? last;
            const line = parseLogLine(text, origin, fromTimestamp(moment), timeMs);
            timeMs = line.timeMs;
            yield line;
          }
        } catch (error) {
          // Gone meanwhile, and its log with it.
          if (signal.aborted || (follow && isClusterError(error, 'NotFound'))) return;
          if (!follow || (error instanceof ClusterError && error.reason !== 'Unavailable')) throw error;
        }
        if (!follow || signal.aborted || !(await isGoing())) return;
        await clock.sleep(reconnectMs, signal);
      }
    },
  };
}

/** The kubelet writes `2026-01-01T00:00:00.123456789Z ` before each line. */
function splitMoment(stamped: string): [string | undefined, string] {
  const space = stamped.indexOf(' ');
  const moment = stamped.slice(0, space);
  return fromTimestamp(moment) === undefined ? [undefined, stamped] : [moment, stamped.slice(space + 1)];
}
