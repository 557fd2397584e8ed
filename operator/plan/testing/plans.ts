import type { Condition, TrainingRunStatus } from '../../api/v1alpha1/status.ts';
import type { TrainingRun } from '../../api/v1alpha1/training-run.ts';
import type { Pod } from '../../api/wire.ts';
import type { Action } from '../action.ts';
import type { ObservedRun } from '../observed-run.ts';
import { planRun, type Plan } from '../plan.ts';
import { aRun, aRunningPod, settings, startMs } from './fixtures.ts';

/** Milliseconds. */
export const secondMs = 1000;

/** The plan of a run that is seen with these pods at the start of the test. */
export function plan(run: TrainingRun, pods: Pod[] = [], changes: Partial<ObservedRun> = {}): Plan {
  return planRun({ run, pods, nowMs: startMs, ...changes }, settings);
}

/** The run with the status that its plans lead to, one after the other. */
export function after(run: TrainingRun, ...observations: { pods?: Pod[]; atMs?: number }[]): TrainingRun {
  return observations.reduce<TrainingRun>((current, { pods = [], atMs = startMs }) => {
    return { ...current, status: plan(current, pods, { nowMs: atMs }).status };
  }, run);
}

/** A run whose first attempt has begun. */
export function started(spec: Parameters<typeof aRun>[0] = {}): TrainingRun {
  return after(aRun(spec), {});
}

/** A run whose whole first gang runs. */
export function running(spec: Parameters<typeof aRun>[0] = {}): TrainingRun {
  const run = started(spec);
  return after(run, { pods: gangOf(run) });
}

/** The running pods of an attempt. */
export function gangOf(run: TrainingRun, attempt = 1): Pod[] {
  return [0, 1].map((index) => aRunningPod(run, attempt, index));
}

/** Actions in a few words each. */
export function names(actions: readonly Action[]): string[] {
  return actions.map((action) => {
    switch (action.type) {
      case 'createPod':
        return `create ${action.pod.metadata.name}`;
      case 'deletePod':
        return `delete ${action.name}`;
      case 'createService':
        return `create service ${action.service.metadata.name}`;
      case 'deleteService':
        return `delete service ${action.name}`;
      case 'createNetworkPolicy':
        return `create network policy ${action.networkPolicy.metadata.name}`;
      case 'deleteNetworkPolicy':
        return `delete network policy ${action.name}`;
      case 'deleteRun':
        return 'delete run';
      case 'createPodGroup':
        return `create pod group ${action.podGroup.metadata.name} of ${action.podGroup.spec.schedulingPolicy.gang.minCount}`;
      case 'deletePodGroup':
        return `delete pod group ${action.name}`;
      case 'createWorkload':
        return 'create workload';
      case 'deleteWorkload':
        return 'delete workload';
      case 'patchWorkloadStatus':
        return `tell Kueue ${action.status.conditions.map(({ type, status }) => `${type}=${status}`).join(' ')}`;
      case 'annotateWorkload':
        return `annotate workload ${JSON.stringify(action.annotations)}`;
      case 'annotatePod':
        return `annotate ${action.name} ${JSON.stringify(action.annotations)}`;
    }
  });
}

/** A condition of a status. */
export function condition(status: TrainingRunStatus, type: string): Condition | undefined {
  return status.conditions?.find((candidate) => candidate.type === type);
}
