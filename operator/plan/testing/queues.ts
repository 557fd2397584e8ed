import type { ResourceFlavor, WireCondition, Workload } from '../../api/kueue.ts';
import type { TrainingRun } from '../../api/v1alpha1/training-run.ts';
import { toTimestamp } from '../../base/clock.ts';
import type { ObservedQueue } from '../queueing.ts';
import { workloadOf } from '../workloads.ts';
import { settings as localSettings, startMs } from './fixtures.ts';

/** Settings of an operator on a cluster that may have Kueue. */
export const settings = { ...localSettings, hasSchedulingApis: true };

export const spot: ResourceFlavor = {
  apiVersion: 'kueue.x-k8s.io/v1beta2',
  kind: 'ResourceFlavor',
  metadata: { name: 'spot' },
  spec: {
    nodeLabels: { 'cloud.example/class': 'spot' },
    tolerations: [{ key: 'spot', operator: 'Exists', effect: 'NoSchedule' }],
  },
};

/** What a Workload's conditions say, in a few words: `{ Admitted: 'True' }` or `{ Evicted: 'True/Preempted' }`. */
export type Said = Readonly<Record<string, string>>;

/** The Workload that the planner makes of a run, as Kueue left it. */
export function aWorkload(
  run: TrainingRun,
  said: Said = {},
  changes: { readonly spec?: Partial<Workload['spec']>; readonly status?: Workload['status'] } = {},
): Workload {
  const made = workloadOf(run, settings);
  return {
    ...made,
    metadata: { ...made.metadata, uid: 'workload-1', resourceVersion: '7', generation: 1 },
    spec: { ...made.spec, ...changes.spec },
    status: {
      conditions: Object.entries(said).map(([type, words]) => wordOf(type, words)),
      ...changes.status,
    },
  };
}

/** One that Kueue admitted with a flavour. */
export function anAdmittedWorkload(run: TrainingRun, said: Said = {}, flavor = 'spot'): Workload {
  return aWorkload(
    run,
    { QuotaReserved: 'True', Admitted: 'True', ...said },
    {
      status: {
        admission: {
          clusterQueue: 'gpus',
          podSetAssignments: [{ name: 'trainers', count: 2, flavors: { 'nvidia.com/gpu': flavor } }],
        },
      },
    },
  );
}

export function aQueue(workload?: Workload): ObservedQueue {
  return { flavors: [spot], ...(workload === undefined ? {} : { workload }) };
}

function wordOf(type: string, words: string): WireCondition {
  const [status, reason = type] = words.split('/');
  return {
    type,
    status: status === 'True' ? 'True' : 'False',
    reason,
    message: `${reason} it is`,
    lastTransitionTime: toTimestamp(startMs),
  };
}
