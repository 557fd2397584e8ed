import { describe, expect, it } from 'vitest';
import { until } from '../control-plane/until.ts';
import { conditionOf, useGangWorld } from './gang-world.ts';

/* Behaviours of other operators, by number: test/checks/behaviours.test.ts says which do not apply. */
const world = useGangWorld();

async function succeed(run: string): Promise<void> {
  for (const name of await world().podNames(run)) await world().endPod(name);
  await world().reaches(run, 'Succeeded');
}

describe('a suspended run', () => {
  it('that was suspended from the start has nothing and has not begun (19)', async () => {
    await world().submit('digits', { suspend: true });
    const status = await world().reaches('digits', 'Suspended');
    expect(conditionOf(status, 'Suspended')).toMatchObject({ status: 'True', reason: 'Suspended' });
    expect(status.startTime).toBeUndefined();
    expect(await world().pods('digits')).toEqual([]);
    expect(await world().service('digits')).toBeUndefined();
  });

  it('has no pods and no Service, began when it began, and begins anew when it is resumed (20, 21)', async () => {
    const { startTime } = await world().submitRunning('digits');
    await world().patchSpec('digits', { suspend: true });
    const suspending = await world().reaches('digits', 'Suspending');
    expect(conditionOf(suspending, 'Suspended')?.status).toBe('False');
    await world().endDying('digits', '1-0', '1-1');
    const suspended = await world().reaches('digits', 'Suspended');
    expect(conditionOf(suspended, 'Running')?.status).toBe('False');
    expect(conditionOf(suspended, 'Suspended')?.status).toBe('True');
    expect(suspended.startTime).toBe(startTime);
    await until('the Service is gone', async () =>
      (await world().service('digits')) === undefined ? true : undefined,
    );
    // Whole seconds: a start in the same one would look the same.
    await until('a second has passed', () =>
      Date.now() > Date.parse(startTime ?? '') + 1100 ? true : undefined,
    );
    await world().patchSpec('digits', { suspend: false });
    const resumed = await world().takeToRunning('digits', 2);
    expect(conditionOf(resumed, 'Suspended')).toMatchObject({ status: 'False', reason: 'Resumed' });
    expect(resumed.startTime).not.toBe(startTime);
    expect(resumed.restarts).toMatchObject({ total: 0 });
    expect(await world().service('digits')).toBeDefined();
  });

  it('whose flag is flipped back meanwhile is suspended first, and never has half a gang (22)', async () => {
    await world().submitRunning('digits');
    await world().patchSpec('digits', { suspend: true });
    await world().areDying('digits', ['1-0', '1-1']);
    await world().patchSpec('digits', { suspend: false });
    await world().settles();
    expect((await world().run('digits')).status?.phase).toBe('Suspending');
    await world().patchSpec('digits', { suspend: true });
    await world().endDying('digits', '1-0', '1-1');
    await world().reaches('digits', 'Suspended');
    await world().hasPods('digits');
  });

  it('that finished before it was told to stop has finished', async () => {
    await world().submitRunning('digits');
    await world().patchSpec('digits', { suspend: true });
    await world().areDying('digits', ['1-0', '1-1']);
    for (const pod of ['digits-1-0', 'digits-1-1']) await world().endPod(pod);
    await world().reaches('digits', 'Succeeded');
  });
});

describe('a run with a deadline', () => {
  it('fails when it passes, and its pods are ended; one that is done in time is left alone (47)', async () => {
    await world().submitRunning('late', { activeDeadline: '2s' });
    await world().submit('early', { activeDeadline: '1h' });
    await world().takeToRunning('early', 1);
    expect(conditionOf(await world().reaches('late', 'Failed'), 'Failed')?.reason).toBe('DeadlineExceeded');
    await world().areDying('late', ['1-0', '1-1']);
    expect((await world().run('early')).status?.phase).toBe('Running');
  });

  it('does not lose time while it is suspended (48)', async () => {
    await world().submit('digits', { activeDeadline: '3s', suspend: true });
    await world().reaches('digits', 'Suspended');
    const suspendedAtMs = Date.now();
    await until('more than the deadline has passed', () =>
      Date.now() > suspendedAtMs + 3500 ? true : undefined,
    );
    expect((await world().run('digits')).status?.phase).toBe('Suspended');
    await world().patchSpec('digits', { suspend: false });
    await world().takeToRunning('digits', 1);
    const resumedAtMs = Date.now();
    await world().reaches('digits', 'Failed');
    expect(Date.now() - resumedAtMs).toBeGreaterThan(1000);
  });
});

describe('a run that is done', () => {
  it('is done only when all its pods are (36)', async () => {
    await world().submitRunning('digits');
    await world().endPod('digits-1-0');
    await world().settles();
    expect((await world().run('digits')).status?.phase).toBe('Running');
    await world().endPod('digits-1-1');
    await world().reaches('digits', 'Succeeded');
  });

  it('keeps its finished pods for their logs, unless it says otherwise (50)', async () => {
    await world().submitRunning('keeps', { cleanPodPolicy: 'Running' });
    await succeed('keeps');
    await world().submitRunning('clean', { cleanPodPolicy: 'All' });
    await succeed('clean');
    await world().hasPods('clean');
    await until('the Service of one that wants nothing left is gone', async () =>
      (await world().service('clean')) === undefined ? true : undefined,
    );
    expect(await world().service('keeps')).toBeDefined();
    expect(await world().podNames('keeps')).toEqual(['keeps-1-0', 'keeps-1-1']);
  });

  it('and failed, ends what still runs, unless it says that nothing is to be touched (37, 50)', async () => {
    await world().submitRunning('ends', { cleanPodPolicy: 'Running' });
    await world().endPod('ends-1-0', { exitCode: 66 });
    await world().reaches('ends', 'Failed');
    await world().endDying('ends', '1-1');
    await world().hasPods('ends', '1-0');
    await world().submitRunning('none', { cleanPodPolicy: 'None' });
    await world().endPod('none-1-0', { exitCode: 66 });
    await world().reaches('none', 'Failed');
    await world().settles();
    expect((await world().pods('none')).map(({ metadata }) => metadata.deletionTimestamp)).toEqual([
      undefined,
      undefined,
    ]);
  });

  it('is deleted when its time to live is over, at once when that is nothing, never when there is none (51)', async () => {
    await world().submitRunning('soon', { ttlAfterFinished: '1s' });
    await world().submitRunning('now', { ttlAfterFinished: '0s' });
    await world().submitRunning('never');
    await world().endPod('now-1-0');
    await world().endPod('now-1-1');
    await world().isGone('now');
    for (const pod of ['soon-1-0', 'soon-1-1', 'never-1-0', 'never-1-1']) await world().endPod(pod);
    await world().reaches('never', 'Succeeded');
    await world().isGone('soon');
    expect((await world().run('never')).status?.phase).toBe('Succeeded');
    await until('what they owned is gone', async () =>
      (await world().pods('soon')).length === 0 && (await world().service('soon')) === undefined
        ? true
        : undefined,
    );
  });

  it('is not written to any more', async () => {
    await world().submitRunning('digits');
    await succeed('digits');
    await world().settles();
    const { resourceVersion } = (await world().run('digits')).metadata;
    const since = Date.now();
    await until('three seconds have passed', () => (Date.now() > since + 3000 ? true : undefined));
    expect((await world().run('digits')).metadata.resourceVersion).toBe(resourceVersion);
    const writes = (await world().audit.requests()).filter(
      ({ user, verb, atMs, resource }) =>
        atMs > since &&
        resource !== 'leases' &&
        user.includes('ringmaster') &&
        !['get', 'list', 'watch'].includes(verb),
    );
    expect(writes).toEqual([]);
  });
});
