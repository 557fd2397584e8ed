import { describe, expect, it, onTestFinished } from 'vitest';
import { resourceTypes } from '../../operator/cluster/cluster.ts';
import { aCheckpoint, aProgressDocument } from '../../operator/plan/testing/fixtures.ts';
import { setQuota } from '../operator/quotas.ts';
import { until } from '../control-plane/until.ts';
import { conditionOf, serveProgress, useGangWorld } from './gang-world.ts';

/* Behaviours of other operators, by number: test/checks/behaviours.test.ts says which do not apply. */
const world = useGangWorld();

describe('a pod that fails', () => {
  it('ends the attempt; the next is a whole new gang, and it can succeed (26, 35, 44)', async () => {
    await world().submitRunning('digits');
    await world().endPod('digits-1-1', { exitCode: 130 });
    const restarting = await world().reaches('digits', 'Restarting');
    expect(conditionOf(restarting, 'Restarting')).toMatchObject({
      status: 'True',
      reason: 'RestartScheduled',
    });
    expect(conditionOf(restarting, 'Running')).toMatchObject({ status: 'False' });
    await world().endDying('digits', '1-0');
    const running = await world().takeToRunning('digits', 2);
    expect(conditionOf(running, 'Restarting')).toMatchObject({ status: 'False' });
    expect(running).toMatchObject({
      restarts: { total: 1, charged: 1 },
      lastFailure: { pod: 'digits-1-1', exitCode: 130 },
    });
    for (const pod of ['digits-2-0', 'digits-2-1']) await world().endPod(pod);
    const succeeded = await world().reaches('digits', 'Succeeded');
    expect(conditionOf(succeeded, 'Complete')).toMatchObject({ status: 'True', reason: 'Succeeded' });
  });

  it('with an exit code that would come again fails the run at once (27)', async () => {
    await world().submitRunning('digits');
    await world().endPod('digits-1-0', { exitCode: 64 });
    const failed = await world().reaches('digits', 'Failed');
    expect(conditionOf(failed, 'Failed')).toMatchObject({ status: 'True', reason: 'PermanentFailure' });
    expect(failed.restarts).toMatchObject({ total: 0 });
    await world().areDying('digits', ['1-1']);
  });

  it('more often than the budget allows fails the run, and what still runs is ended (28, 37, 39)', async () => {
    await world().submitRunning('digits', { failurePolicy: { maxRestarts: 1 }, cleanPodPolicy: 'All' });
    await world().endPod('digits-1-0', { exitCode: 70 });
    await world().endDying('digits', '1-1');
    await world().takeToRunning('digits', 2);
    await world().endPod('digits-2-1', { exitCode: 70 });
    expect(conditionOf(await world().reaches('digits', 'Failed'), 'Failed')?.reason).toBe(
      'MaxRestartsReached',
    );
    await world().endDying('digits', '2-0');
    await world().hasPods('digits');
  });

  it('after a new checkpoint has the whole budget again', async () => {
    await world().submitRunning('digits', { failurePolicy: { maxRestarts: 1 } });
    for (const attempt of [1, 2, 3]) {
      await world().endPod(`digits-${attempt}-0`, {
        lastWords: { reason: 'Internal', checkpoint: aCheckpoint(attempt * 100) },
      });
      expect(await world().reaches('digits', 'Restarting', attempt)).toMatchObject({
        restarts: { total: attempt, charged: 1 },
        checkpoint: { step: attempt * 100 },
      });
      await world().endDying('digits', `${attempt}-1`);
      expect(await world().takeToRunning('digits', attempt + 1)).toMatchObject({
        attemptFromStep: attempt * 100,
      });
    }
  });

  it('is told from those that lost it: the first cause is named', async () => {
    await world().submitRunning('digits');
    await world().endPod('digits-1-0', {
      lastWords: { reason: 'PeerLost', rank: 0, message: 'rank 1 is gone' },
    });
    await world().endPod('digits-1-1', { lastWords: { reason: 'RankKilled', rank: 1, exitCode: 137 } });
    expect((await world().reaches('digits', 'Restarting')).lastFailure).toMatchObject({
      pod: 'digits-1-1',
      reason: 'RankKilled',
      rank: 1,
      exitCode: 137,
    });
  });
});

describe('a rule of the failure policy', () => {
  it('applies only when all that it names matches (29, 32)', async () => {
    const rule = {
      name: 'bad disk',
      action: 'Fail',
      reasons: ['InvalidData', 'Internal'],
      messagePattern: 'EIO',
    };
    await world().submitRunning('digits', { failurePolicy: { rules: [rule] } });
    await world().endPod('digits-1-0', { lastWords: { reason: 'Internal', message: 'a bug' } });
    await world().reaches('digits', 'Restarting');
    await world().endDying('digits', '1-1');
    await world().takeToRunning('digits', 2);
    await world().endPod('digits-2-0', { lastWords: { reason: 'Internal', message: 'read: EIO' } });
    const failed = conditionOf(await world().reaches('digits', 'Failed'), 'Failed');
    expect(failed).toMatchObject({ reason: 'FailedByRule' });
    expect(failed?.message).toContain('bad disk');
  });

  it('can make restarts free (30)', async () => {
    const rules = [{ action: 'RestartUncharged', exitCodes: [99] }];
    await world().submitRunning('digits', { failurePolicy: { maxRestarts: 0, rules } });
    for (const attempt of [1, 2, 3]) {
      await world().endPod(`digits-${attempt}-0`, { exitCode: 99 });
      await world().endDying('digits', `${attempt}-1`);
      expect(await world().takeToRunning('digits', attempt + 1)).toMatchObject({
        restarts: { total: attempt, charged: 0 },
      });
    }
  });

  it('goes before later ones, and can restart what would fail (31, 41)', async () => {
    const rules = [
      { action: 'Restart', exitCodes: [3, 64] },
      { action: 'Fail', exitCodes: [3] },
    ];
    await world().submitRunning('digits', { failurePolicy: { rules } });
    await world().endPod('digits-1-0', { exitCode: 3 });
    expect(await world().reaches('digits', 'Restarting')).toMatchObject({ restarts: { charged: 1 } });
    await world().endDying('digits', '1-1');
    await world().takeToRunning('digits', 2);
    await world().endPod('digits-2-0', { exitCode: 64 });
    await world().reaches('digits', 'Restarting', 2);
  });
});

describe('a gang that restarts', () => {
  it('waits until no pod of the old one can be alive (33)', async () => {
    await world().submitRunning('digits');
    await world().endPod('digits-1-1', { exitCode: 70 });
    await world().areDying('digits', ['1-0']);
    await until('the backoff is over', async () => {
      const { nextAttemptAt = '' } = (await world().run('digits')).status ?? {};
      return Date.parse(nextAttemptAt) + 500 < Date.now() ? true : undefined;
    });
    await world().settles();
    expect(await world().podNames('digits')).toEqual(['digits-1-0', 'digits-1-1']);
    await world().endDying('digits', '1-0');
    await world().hasPods('digits', '1-1', '2-0', '2-1');
  });

  it('does so for free when a pod was evicted (40)', async () => {
    await world().submitRunning('digits', { failurePolicy: { maxRestarts: 0 } });
    const path = `/api/v1/namespaces/${world().namespace}/pods/digits-1-0/eviction`;
    const eviction = {
      apiVersion: 'policy/v1',
      kind: 'Eviction',
      metadata: { name: 'digits-1-0', namespace: world().namespace },
    };
    expect((await world().controlPlane.fetch('POST', path, eviction)).code).toBe(201);
    expect(await world().reaches('digits', 'Restarting')).toMatchObject({
      lastFailure: { reason: 'Evicted', pod: 'digits-1-0' },
      restarts: { total: 1, charged: 0 },
    });
    await world().endDying('digits', '1-0', '1-1');
    await world().takeToRunning('digits', 2);
  });

  it('does so for free when a pod was deleted by hand, at whatever place (45)', async () => {
    await world().submitRunning('digits', { failurePolicy: { maxRestarts: 0 } });
    await world().deletePod('digits-1-0');
    expect(await world().reaches('digits', 'Restarting')).toMatchObject({
      lastFailure: { reason: 'PodDeleted', pod: 'digits-1-0' },
    });
    await world().endDying('digits', '1-0', '1-1');
    await world().takeToRunning('digits', 2);
    // Gone without a trace, as by kubectl delete --force.
    await world().cluster.delete(
      resourceTypes.pods,
      { namespace: world().namespace, name: 'digits-2-1' },
      { gracePeriodSeconds: 0 },
    );
    expect(await world().reaches('digits', 'Restarting', 2)).toMatchObject({
      lastFailure: { reason: 'PodDeleted', pod: 'digits-2-1' },
      restarts: { total: 2, charged: 0 },
    });
  });
});

/** Tolerates the loss of a node for a second instead of five minutes. */
const shortTolerations = ['not-ready', 'unreachable'].map((word) => ({
  key: `node.kubernetes.io/${word}`,
  operator: 'Exists',
  effect: 'NoExecute',
  tolerationSeconds: 1,
}));

async function loseNode(name: string): Promise<() => Promise<void>> {
  const path = `/api/v1/nodes/${name}`;
  const taint = async (taints: object[]) => {
    const { body } = await world().controlPlane.fetch('GET', path);
    const { code } = await world().controlPlane.fetch('PUT', path, { ...(body as object), spec: { taints } });
    expect(code).toBe(200);
  };
  const comeBack = () => taint([]);
  onTestFinished(comeBack);
  // What the node lifecycle controller does when a kubelet is silent.
  await taint([{ key: 'node.kubernetes.io/unreachable', effect: 'NoExecute' }]);
  return comeBack;
}

describe('a node that is lost', () => {
  const onNode2 = { nodeSelector: { 'kubernetes.io/hostname': 'node-2' }, tolerations: shortTolerations };

  it('keeps the next attempt waiting until it is known that its pods are dead', async () => {
    await world().submitRunning('digits', { trainers: onNode2 });
    await loseNode('node-2');
    expect(await world().reaches('digits', 'Restarting')).toMatchObject({
      lastFailure: { reason: 'NodeLost' },
      restarts: { total: 1, charged: 0 },
    });
    await world().areDying('digits', ['1-0', '1-1']);
    await world().settles();
    expect(await world().podNames('digits')).toEqual(['digits-1-0', 'digits-1-1']);
  });

  it('does not when the run allows to delete its pods by force, after their grace and the time it names', async () => {
    await world().submitRunning('digits', {
      trainers: { ...onNode2, terminationGracePeriodSeconds: 1 },
      failurePolicy: { forceDeleteAfter: '1s' },
    });
    const comeBack = await loseNode('node-2');
    const dying = await world().areDying('digits', ['1-0', '1-1']);
    const graceEndsAtMs = Date.parse(dying[0]?.metadata.deletionTimestamp ?? '');
    await until('the pods are gone', async () =>
      (await world().podNames('digits')).includes('digits-1-0') ? undefined : true,
    );
    expect(Date.now()).toBeGreaterThanOrEqual(graceEndsAtMs + 1000);
    await comeBack();
    await world().takeToRunning('digits', 2);
  });
});

describe('a gang that does not come up', () => {
  it('gives its place back when only a part of it fits, and starts when there is room (42, 49, 61)', async () => {
    const half = { gpusPerPod: 8 };
    await world().submitRunning('first', { trainers: { ...half, pods: 1 } });
    await world().submit('second', { trainers: half, failurePolicy: { startTimeout: '1s', maxRestarts: 0 } });
    expect(await world().reaches('second', 'Restarting')).toMatchObject({
      lastFailure: { reason: 'StartTimeout' },
      restarts: { charged: 0 },
    });
    await until('its pods give their place back', async () => {
      const all = await world().pods('second');
      for (const { metadata } of all.filter(({ metadata }) => metadata.deletionTimestamp !== undefined))
        await world().cluster.delete(
          resourceTypes.pods,
          { namespace: world().namespace, name: metadata.name },
          { gracePeriodSeconds: 0 },
        );
      return all.length === 0 ? true : undefined;
    });
    await world().patchSpec('second', { failurePolicy: { startTimeout: '1m' } });
    await world().endPod('first-1-0');
    await world().reaches('first', 'Succeeded');
    const { attempt = 0 } = await world().reaches('second', 'Starting');
    await world().takeToRunning('second', attempt);
  });

  it('of which no pod has a node waits, and says for what (61)', async () => {
    await world().submit('digits', { trainers: { gpusPerPod: 16 }, failurePolicy: { startTimeout: '1s' } });
    await until('it is explained', async () => {
      const message = conditionOf((await world().run('digits')).status, 'Running')?.message ?? '';
      return /Unschedulable .*nvidia.com\/gpu/.test(message) ? true : undefined;
    });
    await until('the time is over', async () => {
      const { attemptStartedAt = '' } = (await world().run('digits')).status ?? {};
      return Date.parse(attemptStartedAt) + 2500 < Date.now() ? true : undefined;
    });
    expect((await world().run('digits')).status).toMatchObject({ phase: 'Starting', attempt: 1 });
  });

  it('because it is not allowed to is told in one event that is counted (38)', async () => {
    world().expectedWarnings.push(/exceeded quota/);
    await setQuota(world().controlPlane, world().namespace, { pods: '1' });
    await world().submit('digits');
    const event = await until('it was tried a few times', async () =>
      (await world().events('digits')).find(
        ({ reason, series }) => reason === 'CreationFailed' && (series?.count ?? 1) >= 3,
      ),
    );
    expect(event).toMatchObject({ type: 'Warning' });
    expect(event.note).toMatch(/^Pod digits-1-[01] cannot be created: .*exceeded quota/);
    expect((await world().events('digits')).filter(({ reason }) => reason === 'CreationFailed')).toHaveLength(
      1,
    );
    expect((await world().run('digits')).status?.conditions).toContainEqual(
      expect.objectContaining({ type: 'Running', status: 'False', reason: 'QuotaExceeded' }),
    );
    await world().controlPlane.fetch(
      'DELETE',
      `/api/v1/namespaces/${world().namespace}/resourcequotas/small`,
    );
    await world().hasPods('digits', '1-0', '1-1');
  });
});

describe('a trainer that tells its progress', () => {
  it('is read from the first pod and shown in the status (54)', async () => {
    const { metadata } = await world().submit('digits');
    let step = 0;
    await serveProgress(() =>
      aProgressDocument((step += 10), { runUid: metadata.uid ?? '', checkpoint: aCheckpoint(40) }),
    );
    await world().takeToRunning('digits', 1);
    const status = await until('progress is shown', async () => {
      const { progress, checkpoint } = (await world().run('digits')).status ?? {};
      return progress !== undefined && progress.step >= 20 ? { progress, checkpoint } : undefined;
    });
    expect(status.checkpoint).toMatchObject({ step: 40 });
    expect(conditionOf((await world().run('digits')).status, 'CheckpointReady')?.status).toBe('True');
  });

  it('and then makes no step is taken for hung; one that never answered is not (46)', async () => {
    await world().submitRunning('silent', { failurePolicy: { hangTimeout: '1s' } });
    const { metadata } = await world().submit('stuck', { failurePolicy: { hangTimeout: '1s' } });
    await serveProgress(() => aProgressDocument(7, { runUid: metadata.uid ?? '' }));
    await world().takeToRunning('stuck', 1);
    expect(await world().reaches('stuck', 'Restarting')).toMatchObject({
      lastFailure: { reason: 'Hung' },
      restarts: { charged: 1 },
    });
    expect((await world().run('silent')).status).toMatchObject({ phase: 'Running', attempt: 1 });
  });
});
