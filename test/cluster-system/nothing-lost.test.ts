import { execFile } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { labels } from '../../operator/api/v1alpha1/group.ts';
import type { LastFailure, TrainingRunStatus } from '../../operator/api/v1alpha1/status.ts';
import { until } from '../control-plane/until.ts';
import { withoutSpeed } from '../fixtures/without-speed.ts';
import { kubectl } from '../operator/install.ts';
import { managerProgram } from '../operator/manager.ts';
import { testKeys } from '../s3/server.ts';
import {
  apiServerAway,
  damageNewestCheckpoint,
  deletePod,
  evictPod,
  killOperator,
  killRank,
  loseNode,
  storageAway,
  suspendAndResume,
  terminatePod,
  type Fault,
} from './faults.ts';
import {
  apply,
  complete,
  epochs,
  eventsOf,
  failurePolicy,
  patchSpec,
  podsOf,
  reaches,
  recipe,
  readState,
  steps,
  trainers,
  type Outcome,
  type SpecChanges,
} from './runs.ts';
import { watchPodLifetimes } from './pod-lifetimes.ts';
import { applySweep, sweepReaches, trialSteps } from './sweeps.ts';
import { attemptLogs, hasSaved } from './trainer-logs.ts';
import { bucket, namespace, openClusterSystem, type ClusterSystem } from './world.ts';

let system: ClusterSystem;
let undisturbed: Outcome;

beforeAll(async () => {
  system = await openClusterSystem();
  await apply(system, 'undisturbed');
  undisturbed = await complete(system, 'undisturbed');
});
afterEach(async () => {
  expect(system.invariants.broken).toEqual([]);
  const lines = (await Promise.all(system.operators.map((operator) => operator.log()))).flat();
  expect(lines.filter(({ level }) => ['error', 'fatal'].includes(level))).toEqual([]);
});
afterAll(async () => {
  await system.close();
});

const last = <T>(from: readonly T[]): T => {
  const one = from.at(-1);
  if (one === undefined) throw new Error('there is nothing to choose from');
  return one;
};

/** Lets something go wrong once the first checkpoint is saved, and waits for the end of the run. */
async function disturb(name: string, fault: Fault, changes: SpecChanges = {}): Promise<Outcome> {
  await apply(system, name, changes);
  await hasSaved(system, name, 20);
  await fault(system, name, last);
  return complete(system, name);
}

/** Nothing is lost: the result is bit for bit that of the run that nothing happened to, in a given number of attempts. */
function expectSameResult(name: string, { status, state }: Outcome, attempts: number): void {
  expect(status).toMatchObject({ phase: 'Succeeded', attempt: attempts });
  expect(state.weightsHash).toBe(undisturbed.state.weightsHash);
  expect(withoutSpeed(state.history)).toEqual(withoutSpeed(undisturbed.state.history));
  // No attempt goes back behind a checkpoint that another had saved.
  const logs = attemptLogs(system, name);
  for (const [index, { fromStep }] of logs.entries()) {
    const saved = logs.slice(0, index).flatMap((log) => log.saved);
    if (fromStep !== undefined) expect(fromStep).toBe(Math.max(0, ...saved));
  }
}

function expectFailure(status: TrainingRunStatus, charged: number, failure: Partial<LastFailure>): void {
  expect(status.lastFailure).toMatchObject({ attempt: 1, ...failure });
  expect(status.restarts).toMatchObject({ total: 1, charged });
}

/** An orderly end loses nothing: over all attempts every step was trained once. */
function expectNoStepTwice(name: string, count = steps): void {
  const trained = attemptLogs(system, name).flatMap((log) => log.steps);
  expect(trained).toEqual(Array.from({ length: count }, (_, index) => index + 1));
}

/** The whole gang goes to one node, so that nobody is left to say that it lost a peer. */
const onOneNode = (run: string) => ({
  podAffinity: {
    requiredDuringSchedulingIgnoredDuringExecution: [
      { topologyKey: 'kubernetes.io/hostname', labelSelector: { matchLabels: { [labels.run]: run } } },
    ],
  },
});

/** Lets a run go to one node, which is given up as soon as it is silent. */
const givenUpSoon = (run: string) => ({
  trainers: { ...trainers, terminationGracePeriodSeconds: 3, affinity: onOneNode(run) },
  failurePolicy: { ...failurePolicy, forceDeleteAfter: '1s' },
});

/** Files of operator and nodes in which the secret of {@link testKeys} stands. */
function filesWithKeys(): string[] {
  const files = readdirSync(system.folder, { recursive: true, withFileTypes: true });
  return files
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name))
    .filter((file) => readFileSync(file).includes(testKeys.secretAccessKey));
}

/** The HTML of `ringmaster report`, which reads the run's checkpoints with the keys. */
async function reportOf(run: string): Promise<string> {
  const { stdout } = await promisify(execFile)(
    process.execPath,
    [
      ...[managerProgram, 'report', run, '--output=-', `--endpoint=${system.proxy.endpoint}`],
      ...[`--namespace=${namespace}`, `--kubeconfig=${await system.controlPlane.kubeconfigFile()}`],
    ],
    {
      maxBuffer: 2 ** 24,
      env: {
        ...process.env,
        AWS_ACCESS_KEY_ID: testKeys.accessKeyId,
        AWS_SECRET_ACCESS_KEY: testKeys.secretAccessKey,
      },
    },
  );
  return stdout;
}

describe('a run on a cluster', () => {
  it('is applied with kubectl, trained by real pods, saved to object storage and waited for', async () => {
    const { status, state } = undisturbed;
    expect(status).toMatchObject({ phase: 'Succeeded', attempt: 1, restarts: { total: 0 } });
    expect(status.checkpoint?.uri).toMatch(
      new RegExp(`^s3://${bucket}/${namespace}/undisturbed/[-0-9a-f]{36}/step-0*${steps}$`),
    );
    expect(status.checkpoint).toMatchObject({ step: steps, uri: status.result?.uri });
    expect(status.conditions).toContainEqual(
      expect.objectContaining({ type: 'CheckpointReady', status: 'True', reason: 'CheckpointSaved' }),
    );
    expect(state).toMatchObject({ step: steps, epoch: epochs, worldSize: 2, attempt: 1 });
    expect(await eventsOf(system, 'undisturbed')).toEqual([]);
  });

  it('leaves the keys to its storage nowhere: not in logs, objects, metrics, checkpoints, reports or files of ended pods', async () => {
    const kinds = 'trainingruns,pods,events,services,networkpolicies';
    const objects = await kubectl(system.controlPlane, ['get', kinds, `--namespace=${namespace}`, '-o=yaml']);
    expect(objects).toContain('undisturbed-1-0');
    expect(objects).not.toContain(testKeys.secretAccessKey);
    const pages = await Promise.all(system.operators.map((operator) => operator.get('/metrics')));
    expect(pages.map(({ text }) => text).join('')).not.toContain(testKeys.secretAccessKey);
    expect(JSON.stringify(undisturbed.state)).not.toContain(testKeys.secretAccessKey);
    const report = await reportOf('undisturbed');
    expect(report).toContain('<svg');
    expect(report).not.toContain(testKeys.secretAccessKey);
    await until('the files of ended pods hold no keys', () =>
      filesWithKeys().length === 0 ? true : undefined,
    );
  });

  it('trains on the real Fashion-MNIST', async () => {
    const train = fileURLToPath(new URL('../../.ringmaster/data/fashion-mnist', import.meta.url));
    const data = { format: 'fashion-mnist', train, augmentation: 'light' };
    // A thousandth of an epoch of warm-up: a few steps have to be enough.
    await apply(system, 'fashion', {
      data,
      recipe: { ...recipe, learningRate: { warmupEpochs: 0.001 } },
    });
    await hasSaved(system, 'fashion', 60);
    await patchSpec(system, 'fashion', { suspend: true });
    const { checkpoint } = await reaches(system, 'fashion', 'Suspended');
    const { epochLoss } = await readState(system, checkpoint?.uri ?? '');
    expect(epochLoss?.count).toBeGreaterThanOrEqual(60);
    // A blind guess among ten classes costs 2.3.
    expect((epochLoss?.sum ?? Infinity) / (epochLoss?.count ?? 1)).toBeLessThan(2.2);
    expect(await podsOf(system, 'fashion')).toEqual([]);
  });
});

describe('a run on a cluster ends with the very result of an undisturbed one', () => {
  it('when a rank is killed', async () => {
    const outcome = await disturb('rank-killed', killRank);
    expectSameResult('rank-killed', outcome, 2);
    expectFailure(outcome.status, 1, { reason: 'RankKilled', exitCode: 137 });
  });

  it('when a pod is deleted', async () => {
    const outcome = await disturb('pod-deleted', deletePod);
    expectSameResult('pod-deleted', outcome, 2);
    expectFailure(outcome.status, 0, { reason: 'PodDeleted' });
  });

  it('when a pod is evicted', async () => {
    const outcome = await disturb('evicted', evictPod);
    expectSameResult('evicted', outcome, 2);
    expectFailure(outcome.status, 0, { reason: 'Evicted' });
  });

  it('when its node is gone and does not come back in time', async () => {
    const outcome = await disturb('node-gone', loseNode, givenUpSoon('node-gone'));
    await Promise.all(system.nodes.map((node) => node.start()));
    expectSameResult('node-gone', outcome, 2);
    expectFailure(outcome.status, 0, { reason: 'NodeLost' });
  });

  it('when the operator is killed and another takes over', async () => {
    const outcome = await disturb('operator-killed', killOperator);
    expectSameResult('operator-killed', outcome, 1);
  });

  it('when the API server is down for a while', async () => {
    const outcome = await disturb('api-server-down', apiServerAway);
    expectSameResult('api-server-down', outcome, 1);
  });

  it('when object storage is down for a while', async () => {
    const outcome = await disturb('storage-down', storageAway);
    expectSameResult('storage-down', outcome, 1);
  });

  it('when it is suspended and resumed', async () => {
    const outcome = await disturb('suspended', suspendAndResume);
    expectSameResult('suspended', outcome, 2);
    expect(outcome.status.restarts).toMatchObject({ total: 0, charged: 0 });
    expectNoStepTwice('suspended');
  });

  it('when its newest checkpoint is damaged: from the one before, and an event names the other and why', async () => {
    const { status, state } = await disturb('damaged', damageNewestCheckpoint);
    expect(status).toMatchObject({ phase: 'Succeeded', attempt: 2 });
    expect(state.weightsHash).toBe(undisturbed.state.weightsHash);
    const [first, second] = attemptLogs(system, 'damaged');
    expect(first?.saved.at(-1)).toBeGreaterThan(second?.fromStep ?? Infinity);
    expect(status.attemptFromStep).toBe(second?.fromStep);
    const skipped = (await eventsOf(system, 'damaged')).filter(
      ({ reason }) => reason === 'CheckpointSkipped',
    );
    expect(skipped).toMatchObject([{ type: 'Warning' }]);
    expect(skipped[0]?.note).toMatch(
      /^Attempt 2 continued from step [0-9]+\. .*step-[0-9]{12}: .*model\.safetensors has 5 bytes/,
    );
  });

  it('when a pod is told to stop: it saves, says so, and is not charged', async () => {
    const outcome = await disturb('terminated', terminatePod);
    expectSameResult('terminated', outcome, 2);
    expectFailure(outcome.status, 0, { reason: 'Terminated', exitCode: 143 });
    expect(outcome.status.lastFailure?.message).toMatch(/Told to stop and did after step [0-9]+/);
    expectNoStepTwice('terminated');
  });
});

describe('a node that is silent but alive', () => {
  it('trains on, but from the next attempt on its trainers can save no more', async () => {
    await apply(system, 'silent', { ...givenUpSoon('silent'), recipe: { ...recipe, epochs: 500 } });
    await hasSaved(system, 'silent', 20);
    const [pod] = await podsOf(system, 'silent');
    const node = system.nodes.find(({ name }) => name === pod?.spec.nodeName);
    node?.agent().signal('SIGSTOP');
    try {
      await reaches(system, 'silent', 'Running', 2);
      const [unheard, next] = await until(
        'the second attempt saves, and the first ends',
        () => {
          const [old, young] = attemptLogs(system, 'silent');
          if (young?.ending !== undefined) throw new Error(`the second attempt ended: ${young.ending}`);
          return old?.ending !== undefined && young !== undefined && young.saved.length > 1
            ? ([old, young] as const)
            : undefined;
        },
        { timeoutMs: 120_000 },
      );
      expect(unheard.ending).toBe('Fenced');
      expect(unheard.saved).toContain(next.fromStep);
    } finally {
      node?.agent().signal('SIGCONT');
      await node?.start();
      await patchSpec(system, 'silent', { suspend: true });
    }
    expect((await reaches(system, 'silent', 'Suspended')).attempt).toBe(2);
  });
});

describe('a sweep', () => {
  it('that shrinks and then has used up its budget suspends trials with a checkpoint, and loses no step', async () => {
    const names = ['narrow-0', 'narrow-1'];
    const lifetimes = await watchPodLifetimes(system.cluster);
    onTestFinished(() => lifetimes.close());
    await applySweep(system, 'narrow', { parallelism: 2 });
    await Promise.all(names.map((trial) => hasSaved(system, trial, 20)));
    await applySweep(system, 'narrow', { parallelism: 1 });
    const narrow = await sweepReaches(
      system,
      'narrow',
      'one of two is suspended',
      ({ trials = [] }) =>
        trials
          .map(({ phase }) => phase)
          .sort()
          .join() === 'Active,Paused',
    );
    const paused = narrow.trials?.find(({ phase }) => phase === 'Paused');
    expect(paused?.reason).toBe('Shrunk');
    // Less than they have used by now.
    await applySweep(system, 'narrow', { parallelism: 1, budget: { gpuHours: 1e-6 } });
    const spent = await sweepReaches(system, 'narrow', 'it has ended', ({ phase }) => phase === 'Failed');
    expect(spent).toMatchObject({ limitedBy: 'Budget', active: 0, counts: { paused: 2 } });
    for (const trial of names) {
      const { checkpoint } = await reaches(system, trial, 'Suspended');
      expect(checkpoint?.step).toBe(attemptLogs(system, trial).at(-1)?.saved.at(-1));
    }

    await applySweep(system, 'narrow', { parallelism: 2 });
    const { gpuHours } = await sweepReaches(
      system,
      'narrow',
      'it ends',
      ({ phase }) => phase === 'Succeeded',
    );
    for (const trial of names) {
      expectNoStepTwice(trial, trialSteps);
      expect(attemptLogs(system, trial)).toHaveLength(2);
    }
    // One GPU each. Statuses have whole seconds, and are written a moment after what happened.
    const seconds = names.reduce((sum, trial) => sum + lifetimes.ofRunMs(trial), 0) / 1000;
    expect(Math.abs((gpuHours ?? NaN) * 3600 - seconds)).toBeLessThan(5 + 0.1 * seconds);
  });
});

describe('a run that goes on with another world size', () => {
  it('trains the same samples to nearly the same losses', async () => {
    await apply(system, 'resized');
    await hasSaved(system, 'resized', 20);
    await patchSpec(system, 'resized', { suspend: true });
    const { checkpoint } = await reaches(system, 'resized', 'Suspended');
    expect(checkpoint?.step).toBe(attemptLogs(system, 'resized').at(-1)?.saved.at(-1));
    await patchSpec(system, 'resized', { suspend: false, trainers: { pods: 1 } });
    const { status, state } = await complete(system, 'resized');
    expect(status).toMatchObject({ attempt: 2, restarts: { total: 0 }, trainers: { desired: 1 } });
    expect(state).toMatchObject({ step: steps, worldSize: 1 });
    expectNoStepTwice('resized');
    // The sums are made in another order, and batch normalisation sees other groups.
    for (const [index, { trainLoss }] of undisturbed.state.history.entries())
      expect(state.history[index]?.trainLoss).toBeCloseTo(trainLoss, 1);
  });
});
