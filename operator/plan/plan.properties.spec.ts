import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { TrainingRunSpecInput } from '../api/v1alpha1/spec.ts';
import type { TrainingRunStatus } from '../api/v1alpha1/status.ts';
import { attemptOf } from './gang.ts';
import { followingPhases, isFinalPhase } from './phases.ts';
import { aRun } from './testing/fixtures.ts';
import { ModelWorld } from './testing/model-world.ts';

type Event = (world: ModelWorld) => void;

const choice = fc.nat(5);
const reasons = ['PeerLost', 'RankKilled', 'Internal', 'Terminated', 'Diverged', 'CheckpointFailed'] as const;

const event: fc.Arbitrary<Event> = fc.oneof(
  { weight: 8, arbitrary: fc.constant((world: ModelWorld) => world.reconcile()) },
  // The operator dies after the status and so many actions were written.
  { weight: 2, arbitrary: fc.nat(3).map((limit) => (world: ModelWorld) => world.reconcile(limit)) },
  { weight: 2, arbitrary: fc.nat(5).map((limit) => (world: ModelWorld) => world.dieWritingStatus(limit)) },
  { weight: 6, arbitrary: choice.map((pod) => (world: ModelWorld) => world.startPod(pod)) },
  { weight: 2, arbitrary: choice.map((pod) => (world: ModelWorld) => world.endPod(pod, {})) },
  {
    weight: 3,
    arbitrary: fc.tuple(choice, fc.constantFrom(...reasons)).map(
      ([pod, reason]) =>
        (world: ModelWorld) =>
          world.endPod(pod, { lastWords: { reason } }),
    ),
  },
  {
    weight: 1,
    arbitrary: choice.map(
      (pod) => (world: ModelWorld) => world.endPod(pod, { exitCode: 137, podReason: 'Evicted' }),
    ),
  },
  { weight: 1, arbitrary: choice.map((pod) => (world: ModelWorld) => world.deletePodByHand(pod)) },
  { weight: 1, arbitrary: fc.boolean().map((suspend) => (world: ModelWorld) => world.setSuspend(suspend)) },
  { weight: 2, arbitrary: fc.constant((world: ModelWorld) => world.save()) },
  {
    weight: 4,
    arbitrary: fc.constantFrom(1, 10, 400, 1000).map((seconds) => (world: ModelWorld) => world.pass(seconds)),
  },
  {
    weight: 1,
    arbitrary: fc.constant((world: ModelWorld) => {
      world.service = undefined;
    }),
  },
  { weight: 3, arbitrary: fc.constant((world: ModelWorld) => world.queue.admit()) },
  { weight: 1, arbitrary: fc.constant((world: ModelWorld) => world.queue.evict()) },
);

const spec: fc.Arbitrary<Partial<TrainingRunSpecInput>> = fc.record({
  trainers: fc.record({
    pods: fc.integer({ min: 1, max: 4 }),
    gpusPerPod: fc.constant(2),
    disruption: fc.constantFrom('Avoid' as const, 'AfterCheckpoint' as const),
  }),
  failurePolicy: fc.record({ maxRestarts: fc.nat(3), resetOnProgress: fc.boolean() }),
  cleanPodPolicy: fc.constantFrom('Running' as const, 'All' as const, 'None' as const),
  activeDeadline: fc.constantFrom(undefined, '1h'),
  ttlAfterFinished: fc.constantFrom(undefined, '1h'),
  recipe: fc.constant({ batchSize: 48 }),
  scheduling: fc.constantFrom({}, { gang: 'none' as const }, { queueName: 'team' }),
});

/** Long histories: the default size of fast-check would keep to ten events, too few for a second attempt. */
const events = fc.array(event, { maxLength: 120, size: 'max' });

function withoutUndefined(input: Partial<TrainingRunSpecInput>): Partial<TrainingRunSpecInput> {
  return Object.fromEntries(Object.entries(input).filter(([, value]) => value !== undefined));
}

/** Runs random events against a world and checks after each. */
function always(check: (world: ModelWorld) => void): void {
  fc.assert(
    fc.property(spec, events, (input, happenings) => {
      const world = new ModelWorld(aRun(withoutUndefined(input)));
      for (const happen of happenings) {
        happen(world);
        check(world);
      }
    }),
    { numRuns: 300 },
  );
}

/** Lets the operator work until it has nothing more to do, with nothing else happening. */
function settle(world: ModelWorld): void {
  for (let round = 0; round < 20 && !world.isDeleted; round += 1) {
    const { status, actions } = world.plan();
    if (actions.length === 0 && isSame(status, world.run.status)) return;
    world.reconcile();
  }
  if (!world.isDeleted) throw new Error('the plan does not come to rest');
}

function isSame(a: TrainingRunStatus, b: TrainingRunStatus | undefined): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

describe('whatever happens', () => {
  it('pods of two attempts are never alive at once, and never more than the gang', () => {
    always((world) => {
      expect(new Set(world.alive().map(attemptOf)).size).toBeLessThanOrEqual(1);
      expect(world.alive().length).toBeLessThanOrEqual(world.run.spec.trainers.pods);
    });
  });

  it('a queued run has pods only while quota is reserved for it', () => {
    always((world) => {
      if (world.run.spec.scheduling.queueName !== undefined && world.alive().length > 0)
        expect(world.queue.hasQuota()).toBe(true);
    });
  });

  it('the status moves only along the allowed phases, and a final one is final', () => {
    always((world) => {
      const [before, after] = [world.history.at(-2), world.history.at(-1)];
      if (before?.phase === undefined || after?.phase === undefined || before.phase === after.phase) return;
      expect(followingPhases[before.phase]).toContain(after.phase);
    });
  });

  it('counters never go down and charged restarts never exceed the budget', () => {
    always((world) => {
      const [before, after] = [world.history.at(-2), world.history.at(-1)];
      expect(world.run.status?.restarts?.charged ?? 0).toBeLessThanOrEqual(
        world.run.spec.failurePolicy.maxRestarts,
      );
      expect(after?.attempt ?? 0).toBeGreaterThanOrEqual(before?.attempt ?? 0);
      expect(after?.restarts?.total ?? 0).toBeGreaterThanOrEqual(before?.restarts?.total ?? 0);
      expect(after?.checkpoint?.step ?? 0).toBeGreaterThanOrEqual(before?.checkpoint?.step ?? 0);
    });
  });

  it('Running and Restarting are never true together, and exactly one of Complete and Failed is when it is over', () => {
    always(({ run: { status } }) => {
      const isTrue = (type: string) =>
        status?.conditions?.some((c) => c.type === type && c.status === 'True') ?? false;
      expect(isTrue('Running') && isTrue('Restarting')).toBe(false);
      expect(Number(isTrue('Complete')) + Number(isTrue('Failed'))).toBe(isFinalPhase(status?.phase) ? 1 : 0);
    });
  });

  it('planning comes to rest, and planning again then asks for nothing', () => {
    fc.assert(
      fc.property(spec, events, (input, happenings) => {
        const world = new ModelWorld(aRun(withoutUndefined(input)));
        for (const happen of happenings) happen(world);
        settle(world);
        if (world.isDeleted) return;
        const { actions, status, announcements } = world.plan();
        expect({ actions, announcements }).toEqual({ actions: [], announcements: [] });
        expect(status).toEqual(world.run.status);
      }),
      { numRuns: 300 },
    );
  });

  it('a suspended run ends with no pods', () => {
    fc.assert(
      fc.property(spec, events, (input, happenings) => {
        const world = new ModelWorld(aRun(withoutUndefined(input)));
        for (const happen of happenings) happen(world);
        world.setSuspend(true);
        for (let round = 0; round < 10 && !world.isDeleted; round += 1) {
          world.reconcile();
          world.endPod(0, { exitCode: 143 });
          world.endPod(0, { exitCode: 143 });
        }
        if (isFinalPhase(world.run.status?.phase)) return;
        expect(world.run.status?.phase).toBe('Suspended');
        expect(world.pods.size).toBe(0);
      }),
      { numRuns: 300 },
    );
  });

  it('a run that is left in peace comes to an end', () => {
    fc.assert(
      fc.property(spec, events, (input, happenings) => {
        const world = new ModelWorld(aRun(withoutUndefined(input)));
        for (const happen of happenings) happen(world);
        world.setSuspend(false);
        for (
          let round = 0;
          round < 40 && !world.isDeleted && !isFinalPhase(world.run.status?.phase);
          round += 1
        ) {
          for (const pod of world.alive()) {
            if (pod.metadata.deletionTimestamp !== undefined) world.pods.delete(pod.metadata.name);
          }
          if (world.run.status?.phase === 'Running') for (let pod = 0; pod < 4; pod += 1) world.endPod(0, {});
          world.reconcile();
          world.queue.admit();
          for (let pod = 0; pod < 4; pod += 1) world.startPod(0);
          world.pass(world.run.status?.phase === 'Restarting' ? 301 : 1);
        }
        expect(world.isDeleted || isFinalPhase(world.run.status?.phase)).toBe(true);
      }),
      { numRuns: 300 },
    );
  });
});
