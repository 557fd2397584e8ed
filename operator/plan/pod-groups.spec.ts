import { describe, expect, it } from 'vitest';
import type { PodGroup } from '../api/pod-group.ts';
import type { Pod } from '../api/wire.ts';
import type { TrainingRun } from '../api/v1alpha1/training-run.ts';
import type { ObservedPodGroups } from './pod-groups.ts';
import { planRun } from './plan.ts';
import { aFinishedPod, aRun, startMs } from './testing/fixtures.ts';
import { condition, names } from './testing/plans.ts';
import { settings } from './testing/queues.ts';

const served: ObservedPodGroups = { apiVersion: 'scheduling.k8s.io/v1alpha2', groups: [] };

function plan(
  run: TrainingRun,
  podGroups: ObservedPodGroups | undefined,
  pods: Pod[] = [],
  { nowMs = startMs }: { readonly nowMs?: number } = {},
) {
  const observed = { run, pods, nowMs, ...(podGroups === undefined ? {} : { podGroups }) };
  return planRun(observed, settings);
}

function aPodGroup(name: string, conditions: NonNullable<PodGroup['status']>['conditions'] = []): PodGroup {
  return {
    apiVersion: served.apiVersion,
    kind: 'PodGroup',
    metadata: { name, uid: `${name}-uid` },
    spec: { schedulingPolicy: { gang: { minCount: 2 } } },
    status: { conditions },
  };
}

describe('the PodGroup of an attempt', () => {
  it.each(['auto', 'native'] as const)('is made before its pods, which belong to it: %s', (gang) => {
    const { actions } = plan(aRun({ scheduling: { gang } }), served);
    expect(names(actions)).toContain('create pod group digits-1 of 2');
    const pods = actions.flatMap((action) => (action.type === 'createPod' ? [action.pod] : []));
    expect(pods.map(({ spec }) => spec.schedulingGroup?.podGroupName)).toEqual(['digits-1', 'digits-1']);
  });

  it('has the priority of its pods', () => {
    const { actions } = plan(aRun({ trainers: { priorityClassName: 'training' } }), served);
    const made = actions.flatMap((action) =>
      action.type === 'createPodGroup' ? [action.podGroup.spec.priorityClassName] : [],
    );
    expect(made).toEqual(['training']);
  });

  it.each([
    ['the run asks for plain pods', { scheduling: { gang: 'none' } }, served],
    ['there is one pod, which is placed as a whole anyway', { trainers: { pods: 1 } }, served],
    ['the cluster serves none', {}, undefined],
  ] as const)('does not exist when %s', (_, spec, podGroups) => {
    const { actions } = plan(aRun(spec), podGroups);
    expect(names(actions).join()).not.toContain('pod group');
    const pods = actions.flatMap((action) => (action.type === 'createPod' ? [action.pod] : []));
    expect(pods.length).toBeGreaterThan(0);
    expect(JSON.stringify(pods)).not.toContain('schedulingGroup');
  });

  it('is asked for by name, and whoever does is told whether there is one', () => {
    const run = aRun({ scheduling: { gang: 'native' } });
    expect(condition(plan(run, served).status, 'GangScheduled')).toMatchObject({ status: 'True' });
    const without = plan(run, undefined);
    expect(without.status.phase).toBe('Starting');
    expect(condition(without.status, 'GangScheduled')).toMatchObject({
      status: 'False',
      reason: 'PodGroupsNotServed',
    });
    expect(condition(plan(aRun(), undefined).status, 'GangScheduled')).toBeUndefined();
  });

  it.each(['none', 'auto'] as const)('is spoken of no longer in an attempt that asks for %s', (gang) => {
    const native = aRun({ scheduling: { gang: 'native' } });
    const first = { ...native, status: plan(native, served).status };
    const failed = [0, 1].map((index) => aFinishedPod(native, 1, index, { exitCode: 70 }));
    const restarting = { ...first, status: plan(first, served, failed).status };
    const later = { nowMs: startMs + 60_000 };
    const same = plan(restarting, served, failed, later).status;
    expect(same).toMatchObject({ phase: 'Starting', attempt: 2 });
    // Since when it is so does not change with the attempt.
    expect(condition(same, 'GangScheduled')).toEqual(condition(first.status, 'GangScheduled'));
    const edited = { ...restarting, spec: { ...restarting.spec, scheduling: { gang } } };
    const { status } = plan(edited, served, failed, later);
    expect(status).toMatchObject({ phase: 'Starting', attempt: 2 });
    expect(condition(status, 'GangScheduled')).toBeUndefined();
  });

  it('stays the same for a gang that is half made when the cluster stops serving them, or begins to', () => {
    const run = aRun();
    const first = plan(run, undefined);
    const [half] = first.actions.flatMap((action) => (action.type === 'createPod' ? [action.pod] : []));
    if (half === undefined) throw new Error('no pod was made');
    const pods = [{ ...half, metadata: { ...half.metadata, uid: 'pod-1' } }];
    const { actions } = plan({ ...run, status: first.status }, served, pods);
    expect(names(actions)).toContain('create digits-1-1');
    expect(JSON.stringify(actions)).not.toMatch(/schedulingGroup|createPodGroup/);
  });

  it.each(['PodGroupScheduled', 'PodGroupInitiallyScheduled'])(
    'says why the scheduler cannot place it: %s',
    (type) => {
      const run = aRun();
      const status = plan(run, served).status;
      const group = aPodGroup('digits-1', [
        { type, status: 'False', reason: 'Unschedulable', message: '0/3 nodes' },
      ]);
      const { status: later } = plan({ ...run, status }, { ...served, groups: [group] });
      expect(condition(later, 'Running')?.message).toContain('PodGroup digits-1: Unschedulable 0/3 nodes');
    },
  );

  it('goes with its attempt', () => {
    const run = aRun();
    const status = { ...plan(run, served).status, attempt: 2 };
    const groups = [aPodGroup('digits-1'), aPodGroup('digits-2')];
    const { actions } = plan({ ...run, status }, { ...served, groups });
    expect(names(actions)).toContain('delete pod group digits-1');
    expect(names(actions).join()).not.toContain('digits-2 of');
  });
});
