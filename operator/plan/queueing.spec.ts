import { describe, expect, it } from 'vitest';
import type { Workload } from '../api/kueue.ts';
import type { TrainingRun } from '../api/v1alpha1/training-run.ts';
import type { Pod } from '../api/wire.ts';
import type { ObservedRun } from './observed-run.ts';
import { planRun, type Plan } from './plan.ts';
import { aFinishedPod, aRun, deleted, settings as localSettings, startMs } from './testing/fixtures.ts';
import { condition, gangOf, names } from './testing/plans.ts';
import { aQueue, anAdmittedWorkload, aWorkload, settings, spot } from './testing/queues.ts';
import { workloadName } from './workloads.ts';

const queued = (spec: Parameters<typeof aRun>[0] = {}) =>
  aRun({ scheduling: { queueName: 'team' }, ...spec });

/** `workload` null: Kueue is there and the run has no Workload; undefined: there is no Kueue. */
function plan(
  run: TrainingRun,
  workload: Workload | null | undefined,
  pods: Pod[] = [],
  changes: Partial<ObservedRun> = {},
): Plan {
  const queue = workload === undefined ? {} : { queue: aQueue(workload ?? undefined) };
  return planRun({ run, pods, nowMs: startMs, ...queue, ...changes }, settings);
}

/** What of a plan Kueue is about. */
const toldKueue = (actions: Plan['actions']) => names(actions).filter((name) => !name.includes('service'));

/** The run after its plans with these Workloads, one after the other. */
function after(run: TrainingRun, ...seen: [Workload | null, Pod[]?][]): TrainingRun {
  return seen.reduce<TrainingRun>(
    (current, [workload, pods]) => ({ ...current, status: plan(current, workload, pods).status }),
    run,
  );
}

function runningInQueue(run = queued()): TrainingRun {
  const workload = anAdmittedWorkload(run);
  return after(run, [null], [workload], [workload, gangOf(run)]);
}

describe('a run that names a queue', () => {
  it('asks for all its pods at once and makes none', () => {
    const run = queued();
    const { status, actions } = plan(run, null);
    expect(status.phase).toBe('Queued');
    expect(names(actions)).toEqual(['create workload']);
    const [action] = actions;
    const workload = action?.type === 'createWorkload' ? action.workload : undefined;
    expect(workload?.spec).toMatchObject({
      queueName: 'team',
      podSets: [{ name: 'trainers', count: 2 }],
    });
    expect(JSON.stringify(workload)).toContain('"nvidia.com/gpu":"2"');
    // By Kueue's own rule, so that its tools find it: sha1 of kind, group, name and UID, one a line.
    expect(workloadName(run)).toBe('trainingrun-digits-24992');
  });

  it.each([
    [
      { queuePriorityClass: 'urgent', queueName: 'team' },
      {},
      { kind: 'WorkloadPriorityClass', name: 'urgent' },
    ],
    [{ queueName: 'team' }, { priorityClassName: 'high' }, { kind: 'PriorityClass', name: 'high' }],
    [{ queueName: 'team' }, {}, undefined],
  ])('has the priority of its class: %j %j', (scheduling, trainers, priorityClass) => {
    const [action] = plan(queued({ scheduling, trainers }), null).actions;
    expect(action?.type === 'createWorkload' ? action.priorityClass : 'none').toEqual(priorityClass);
  });

  it('says in the words of Kueue what it waits for', () => {
    const run = queued();
    const { status, actions } = plan(run, aWorkload(run, { QuotaReserved: 'False/Pending' }));
    expect(condition(status, 'Admitted')).toMatchObject({
      status: 'False',
      reason: 'WaitsForAdmission',
      message: 'It waits in LocalQueue team. Pending it is',
    });
    expect(actions).toEqual([]);
  });

  it('waits for the admission checks after its quota is reserved', () => {
    const run = queued();
    const admissionChecks = [{ name: 'capacity', state: 'Pending', message: 'nodes are coming' }];
    const workload = aWorkload(run, { QuotaReserved: 'True' });
    const { status } = plan(run, { ...workload, status: { ...workload.status, admissionChecks } });
    expect(condition(status, 'Admitted')?.message).toContain('capacity (nodes are coming)');
  });

  it('waits while its Workload is deactivated', () => {
    const run = queued();
    const { status } = plan(
      run,
      aWorkload(run, { Evicted: 'True/Deactivated' }, { spec: { active: false } }),
    );
    expect(status.phase).toBe('Queued');
    expect(condition(status, 'Admitted')?.message).toContain('until its spec.active is true');
  });

  it('waits, and says so, where there is no Kueue', () => {
    const { status, actions } = plan(queued(), undefined);
    expect(status.phase).toBe('Queued');
    expect(condition(status, 'Admitted')).toMatchObject({ reason: 'KueueNotServed' });
    expect(condition(status, 'Admitted')?.message).toContain('leave out spec.scheduling.queueName');
    expect(actions).toEqual([]);
  });

  it('starts at once on one machine, where there is no queue to wait in', () => {
    const { status } = planRun({ run: queued(), pods: [], nowMs: startMs }, localSettings);
    expect(status.phase).toBe('Starting');
  });

  it('is asked for anew when its spec was changed while it waited', () => {
    const old = queued();
    const run = queued({ trainers: { pods: 4 } });
    expect(names(plan(run, anAdmittedWorkload(old)).actions)).toEqual(['delete workload']);
  });

  it.each([
    ['suspended', { suspend: true }],
    ['changed', { trainers: { pods: 4 } }],
  ])(
    'keeps its quota while pods of an attempt that is not on record may be alive, when it is %s meanwhile',
    (_, change) => {
      const waiting = after(queued(), [null]);
      const workload = anAdmittedWorkload(waiting);
      const run = { ...waiting, spec: queued(change).spec };
      const gang = gangOf(waiting);
      const leaving = plan(run, workload, gang);
      expect(names(leaving.actions)).toEqual(['delete digits-1-0', 'delete digits-1-1']);
      expect(names(plan({ ...run, status: leaving.status }, workload).actions)).toEqual(['delete workload']);
    },
  );

  it('stays queued while pods of an attempt that is not on record end, when its place is taken back meanwhile', () => {
    const waiting = after(queued(), [null]);
    const evicted = anAdmittedWorkload(waiting, { Evicted: 'True/Preempted' });
    const dying = gangOf(waiting).map((pod) => deleted(pod, startMs));
    expect(plan(waiting, evicted, dying)).toMatchObject({ status: { phase: 'Queued' }, actions: [] });
  });

  it('has a Workload no longer once it names no queue', () => {
    const run = runningInQueue();
    const free = { ...run, spec: { ...run.spec, scheduling: { gang: 'auto' as const } } };
    const { status, actions } = plan(free, anAdmittedWorkload(queued()), gangOf(run));
    expect(status.phase).toBe('Running');
    expect(toldKueue(actions)).toEqual(['delete workload']);
  });

  it('trains on with the pods that it has when it names another queue', () => {
    const run = runningInQueue();
    const moved = {
      ...run,
      spec: { ...run.spec, scheduling: { gang: 'auto' as const, queueName: 'other' } },
    };
    const { status, actions } = plan(moved, anAdmittedWorkload(queued()), gangOf(run));
    expect(status).toMatchObject({ phase: 'Running', attempt: 1 });
    expect(actions.filter(({ type }) => type === 'deletePod' || type === 'createPod')).toEqual([]);
  });
});

describe('an admitted run', () => {
  it('starts with the node labels and tolerations of its flavour', () => {
    const run = queued({ trainers: { nodeSelector: { zone: 'a' } } });
    const { status, actions } = plan(after(run, [null]), anAdmittedWorkload(run));
    expect(status).toMatchObject({ phase: 'Starting', attempt: 1 });
    expect(condition(status, 'Admitted')).toMatchObject({
      status: 'True',
      message: 'Admitted by ClusterQueue gpus.',
    });
    const pod = actions.find((action) => action.type === 'createPod')?.pod;
    expect(pod?.spec.nodeSelector).toEqual({ zone: 'a', 'cloud.example/class': 'spot' });
    expect(pod?.spec.tolerations).toEqual(spot.spec?.tolerations);
    expect(pod?.metadata.labels).toMatchObject({ 'kueue.x-k8s.io/podset': 'trainers' });
    // With it Kueue would take the pod for one that it has to queue itself.
    expect(pod?.metadata.labels).not.toHaveProperty('kueue.x-k8s.io/queue-name');
  });

  it('takes over what admission checks add', () => {
    const run = queued();
    const workload = anAdmittedWorkload(run);
    const podSetUpdates = [{ name: 'trainers', nodeSelector: { pool: 'new' }, annotations: { 'a/b': 'c' } }];
    const admissionChecks = [{ name: 'capacity', state: 'Ready', message: '', podSetUpdates }];
    const seen = { ...workload, status: { ...workload.status, admissionChecks } };
    const pod = plan(after(run, [null]), seen).actions.find((action) => action.type === 'createPod')?.pod;
    expect(pod?.spec.nodeSelector).toMatchObject({ pool: 'new', 'cloud.example/class': 'spot' });
    expect(pod?.metadata.annotations).toMatchObject({ 'a/b': 'c' });
  });

  it('holds its pods back until Kueue has chosen their nodes, when it does', () => {
    const run = queued();
    const workload = anAdmittedWorkload(run);
    const podSetAssignments = [{ name: 'trainers', count: 2, flavors: {}, topologyAssignment: {} }];
    const seen = {
      ...workload,
      status: { ...workload.status, admission: { clusterQueue: 'gpus', podSetAssignments } },
    };
    const pod = plan(after(run, [null]), seen).actions.find((action) => action.type === 'createPod')?.pod;
    expect(pod?.spec.schedulingGates).toEqual([{ name: 'kueue.x-k8s.io/topology' }]);
    expect(pod?.metadata.annotations).toMatchObject({ 'kueue.x-k8s.io/workload': workloadName(run) });
  });

  it.each([
    ['another value for a label that the spec asks for', { nodeSelector: { zone: 'b' } }, 'zone=b'],
    [
      'to make its pods look like those of another run',
      { labels: { 'ringmaster.dev/run': 'x' } },
      "operator's",
    ],
  ])('fails when Kueue wants %s', (_, update, word) => {
    const run = queued({ trainers: { nodeSelector: { zone: 'a' } } });
    const workload = anAdmittedWorkload(run);
    const podSetUpdates = [{ name: 'trainers', ...update }];
    const admissionChecks = [{ name: 'capacity', state: 'Ready', message: '', podSetUpdates }];
    const { status } = plan(after(run, [null]), {
      ...workload,
      status: { ...workload.status, admissionChecks },
    });
    expect(condition(status, 'Failed')).toMatchObject({ reason: 'PlacementConflict' });
    expect(condition(status, 'Failed')?.message).toContain(word);
  });

  it('waits for a flavour that is not known yet', () => {
    const run = queued();
    const { status } = plan(after(run, [null]), anAdmittedWorkload(run, {}, 'reserved'));
    expect(condition(status, 'Admitted')?.message).toBe('ResourceFlavor reserved is not there yet.');
  });

  it('tells Kueue when its gang is ready, when a pod is not any more, and when it has recovered', () => {
    const run = runningInQueue();
    const gang = gangOf(run);
    const admitted = anAdmittedWorkload(run);
    expect(toldKueue(plan(run, admitted, gang).actions)).toEqual([
      'tell Kueue QuotaReserved=True Admitted=True PodsReady=True',
    ]);
    const ready = anAdmittedWorkload(run, { PodsReady: 'True/Started' });
    expect(toldKueue(plan(run, ready, gang).actions)).toEqual([]);
    const [first, second] = gang;
    if (first === undefined || second === undefined) throw new Error('a gang has two pods');
    const ill: Pod = {
      ...second,
      status: { ...second.status, conditions: [{ type: 'Ready', status: 'False' }] },
    };
    const { actions } = plan(run, ready, [first, ill]);
    expect(JSON.stringify(actions)).toContain('"reason":"WaitForRecovery"');
    const recovering = anAdmittedWorkload(run, { PodsReady: 'False/WaitForRecovery' });
    expect(JSON.stringify(plan(run, recovering, gang).actions)).toContain('"reason":"Recovered"');
  });

  it('is told to Kueue as finished once no pod can use its quota any more', () => {
    const run = runningInQueue();
    const ready = anAdmittedWorkload(run, { PodsReady: 'True/Started' });
    const done = [0, 1].map((index) => aFinishedPod(run, 1, index));
    const finished = after(run, [ready, done]);
    expect(finished.status?.phase).toBe('Succeeded');
    const told = plan(finished, ready, done).actions;
    expect(JSON.stringify(told)).toContain('"type":"Finished","status":"True","reason":"Succeeded"');
    const over = anAdmittedWorkload(run, { PodsReady: 'True/Started', Finished: 'True/Succeeded' });
    expect(plan(finished, over, done).actions).toEqual([]);

    const failed = after(run, [ready, [aFinishedPod(run, 1, 0, { exitCode: 64 }), ...gangOf(run).slice(1)]]);
    expect(failed.status?.phase).toBe('Failed');
    expect(names(plan(failed, ready, gangOf(run)).actions).join()).not.toContain('Finished');
    expect(JSON.stringify(plan(failed, ready, done).actions)).toContain('"reason":"Failed"');
  });
});

describe('an admitted run that its author suspends', () => {
  it('is admitted no longer once its pods are gone, and says so', () => {
    const run = runningInQueue();
    const asked = { ...run, spec: { ...run.spec, suspend: true } };
    const workload = anAdmittedWorkload(run);
    const leaving = after(asked, [workload, gangOf(run)]);
    expect(condition(leaving.status ?? {}, 'Admitted')?.status).toBe('True');
    const { status, actions } = plan(leaving, workload);
    expect(condition(status, 'Admitted')).toMatchObject({ status: 'False', reason: 'Suspended' });
    expect(names(actions)).toEqual(['delete workload']);
  });
});

describe('a run in a queue that this version does not accept', () => {
  const run = runningInQueue();
  const broken = {
    ...run,
    spec: { ...run.spec, model: { ...run.spec.model, stem: 'small' } },
  } as TrainingRun;
  const failed = after(broken, [anAdmittedWorkload(run), gangOf(run)]);

  it('keeps its quota until no pod of it may be alive, then gives it back', () => {
    const { status, actions } = plan(broken, anAdmittedWorkload(run), gangOf(run));
    expect(condition(status, 'Failed')?.reason).toBe('InvalidSpec');
    expect(names(actions)).toEqual(['delete digits-1-0', 'delete digits-1-1']);
    expect(names(plan(failed, anAdmittedWorkload(run)).actions)).toEqual(['delete workload']);
  });

  it('leaves alone a Workload that holds none any more, or is on its way out', () => {
    const over = anAdmittedWorkload(run, { Finished: 'True/Failed' });
    expect(plan(failed, over).actions).toEqual([]);
    const admitted = anAdmittedWorkload(run);
    const metadata = { ...admitted.metadata, deletionTimestamp: '2026-01-01T00:00:00Z' };
    expect(plan(failed, { ...admitted, metadata }).actions).toEqual([]);
  });
});

describe('a run whose place Kueue takes back', () => {
  const run = runningInQueue();
  const gang = gangOf(run);
  const evicted = anAdmittedWorkload(run, { PodsReady: 'True/Started', Evicted: 'True/Preempted' });

  it('saves and ends its pods, and says why', () => {
    const { status, actions, announcements } = plan(run, evicted, gang);
    expect(status.phase).toBe('Suspending');
    expect(condition(status, 'Admitted')).toMatchObject({ status: 'False', reason: 'QueueEvicted' });
    expect(condition(status, 'Running')).toMatchObject({ status: 'False', reason: 'QueueEvicted' });
    expect(names(actions)).toEqual(['delete digits-1-0', 'delete digits-1-1']);
    expect(announcements).toMatchObject([{ reason: 'QueueEvicted' }]);
  });

  it('keeps its quota until the last pod is gone, then gives it back and queues again', () => {
    const leaving = after(run, [evicted, gang]);
    const dying = gang.map((pod) => deleted(pod, startMs));
    expect(names(plan(leaving, evicted, dying).actions)).toEqual([]);
    const { status, actions } = plan(leaving, evicted, []);
    expect(status.phase).toBe('Queued');
    expect(names(actions)).toEqual([
      'tell Kueue QuotaReserved=False Admitted=False PodsReady=False Evicted=True Requeued=True',
    ]);
    expect(JSON.stringify(actions)).toContain('"admission":null');
  });

  it('goes on as the next attempt when it is admitted again, and nothing is charged', () => {
    const waiting = after(run, [evicted, gang], [evicted, []]);
    const again = plan(waiting, anAdmittedWorkload(run, { Evicted: 'False/QuotaReserved' }));
    expect(again.status).toMatchObject({
      phase: 'Starting',
      attempt: 2,
      restarts: { total: 0, charged: 0 },
    });
    expect(names(again.actions)).toContain('create digits-2-0');
    expect(again.announcements).toMatchObject([{ reason: 'GangStarting' }]);
  });

  it('lets Kueue say when, where it was not preempted', () => {
    const timedOut = anAdmittedWorkload(run, { Evicted: 'True/PodsReadyTimeout' });
    const waiting = after(run, [timedOut, gang], [timedOut, []]);
    expect(names(plan(waiting, timedOut).actions).join()).toContain('Requeued=False');
  });

  it.each([
    ['gone', null, 'Its Workload is gone.'],
    ['not admitted any more', aWorkload(run, { QuotaReserved: 'False/Pending' }), 'not admitted any more'],
    ['finished by somebody', anAdmittedWorkload(run, { Finished: 'True/OutOfSync' }), 'finished'],
  ])('gives it back too when its Workload is %s', (_, workload, why) => {
    const { status } = plan(run, workload, gang);
    expect(status.phase).toBe('Suspending');
    expect(condition(status, 'Admitted')?.message).toContain(why);
  });

  it('keeps it when Kueue cannot be read', () => {
    expect(plan(run, undefined, gang).status.phase).toBe('Running');
  });

  it('is suspended, not queued, when its author suspends it meanwhile, and has no Workload then', () => {
    const leaving = after(run, [evicted, gang]);
    const suspended = { ...leaving, spec: { ...leaving.spec, suspend: true } };
    const { status, actions } = plan(suspended, evicted, []);
    expect(status.phase).toBe('Suspended');
    expect(names(actions)).toEqual(['delete workload']);
    const resumed = { ...suspended, status, spec: { ...run.spec, suspend: false } };
    expect(plan(resumed, null).status.phase).toBe('Queued');
  });

  it('succeeds when it had finished before it was told to stop', () => {
    const done = [0, 1].map((index) => aFinishedPod(run, 1, index));
    expect(plan(after(run, [evicted, gang]), evicted, done).status.phase).toBe('Succeeded');
  });
});
