import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { exitCodes } from '../../../operator/api/trainer/exit-codes.ts';
import { until } from '../../control-plane/until.ts';
import { writeSmallDataSet } from '../../fixtures/small-data-set.ts';
import { smallSpec, type SmallSpecChanges } from '../../fixtures/small-spec.ts';
import { smallAssignment } from './assignment.ts';
import { isAlive, startTrainerPod, type TrainerPod, type TrainerPodOptions } from './trainer-pod.ts';

const evaluateProgram = fileURLToPath(new URL('../../../trainer-image/evaluate.ts', import.meta.url));
/** All processes of a pod must be gone so soon after one of them fails. */
const endWithinMs = 5000;
const stepsPerEpoch = 16;
const recipe = { epochs: 3 };
/** Longer than any test takes. */
const endless = { epochs: 10_000 };

let folder: string;
let data: string;
let pods: TrainerPod[] = [];
let nextPod = 1;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'trainer-test-'));
  data = join(folder, 'data');
  await writeSmallDataSet(data, { training: 32 * stepsPerEpoch, validation: 100 });
});
afterEach(async () => {
  for (const pod of pods) if (isAlive(pod.pid)) pod.kill('SIGKILL', 'group');
  await Promise.all(pods.map((pod) => pod.ended));
  pods = [];
});
afterAll(async () => {
  await rm(folder, { recursive: true });
});

/** Starts a pod with a folder and an address of its own. */
function startPod(assignment: TrainerPodOptions['assignment'], hostsFile?: string): TrainerPod {
  const index = nextPod;
  nextPod += 1;
  const pod = startTrainerPod({
    assignment,
    folder: join(folder, `pod-${index}`),
    address: `127.77.${process.pid % 250}.${index}`,
    ...(hostsFile === undefined ? {} : { hostsFile }),
  });
  pods.push(pod);
  return pod;
}

interface StartOptions extends Omit<SmallSpecChanges, 'checkpoints'> {
  readonly attempt?: number;
  readonly every?: { readonly epochs?: number; readonly steps?: number };
}

/** What a pod trains whose checkpoints lie under this name. */
function specOf(name: string, { every, ...changes }: StartOptions): SmallSpecChanges {
  return {
    ...changes,
    data: { train: data, augmentation: 'light', ...changes.data },
    recipe: { ...recipe, ...changes.recipe },
    checkpoints: { uri: join(folder, name), ...(every === undefined ? {} : { every }) },
  };
}

function start(name: string, { attempt = 1, ...options }: StartOptions = {}): TrainerPod {
  return startPod(smallAssignment({ attempt, spec: specOf(name, options) }));
}

async function stateOf(checkpointUri: string | undefined): Promise<unknown> {
  return JSON.parse(await readFile(join(checkpointUri ?? '', 'state.json'), 'utf8'));
}

/** The hash of weights, statistics and momentum at the end of an undisturbed training, made once. */
let undisturbed: Promise<unknown> | undefined;
function undisturbedHash(): Promise<unknown> {
  undisturbed ??= start('undisturbed', { every: { steps: 10 } })
    .ended.then(({ message }) => stateOf(message?.result?.uri))
    .then((state) => (state as { weightsHash: unknown }).weightsHash);
  return undisturbed;
}

describe('a trainer pod of two ranks', () => {
  it('trains to the end, saves what it reports, and answers meanwhile', async () => {
    const learningRate = { ...smallSpec().recipe.learningRate, base: 1 };
    const pod = start('whole', { data: { augmentation: 'none' }, recipe: { epochs: 8, learningRate } });
    const document = await pod.untilStep(1);
    expect(document).toMatchObject({ runUid: 'a-uid', attempt: 1, progress: { steps: 8 * stepsPerEpoch } });
    expect(await pod.get('/healthz')).toMatchObject({ status: 200 });
    expect(await pod.get('/readyz')).toMatchObject({ status: 200 });
    expect((await pod.get('/metrics')).body).toMatch(/^ringmaster_trainer_images_total \d+$/m);

    const { exitCode, message, log } = await pod.ended;
    expect(exitCode, log).toBe(exitCodes.success);
    expect(message).toMatchObject({
      reason: 'Completed',
      step: 8 * stepsPerEpoch,
      progress: { percent: 100 },
    });
    expect(message?.result?.top1).toBeGreaterThan(0.9);
    expect(message?.result?.uri).toBe(message?.checkpoint?.uri);
    expect(await readdir(pod.folder)).toEqual(['termination-log']);

    const evaluated = await promisify(execFile)(process.execPath, [
      evaluateProgram,
      message?.result?.uri ?? '',
    ]);
    const { top1, top5 } = message?.result ?? {};
    expect(JSON.parse(evaluated.stdout)).toMatchObject({ top1, top5, count: 100, step: 8 * stepsPerEpoch });
  });

  it('names the rank that kill -9 ended and ends all others within five seconds', async () => {
    const pod = start('rank-killed', { recipe: endless });
    await pod.untilStep(5);
    const ranks = pod.rankPids();
    const killedAtMs = Date.now();
    process.kill(ranks[1] ?? 0, 'SIGKILL');
    const { exitCode, message, log } = await pod.ended;
    expect(Date.now() - killedAtMs).toBeLessThan(endWithinMs);
    expect(exitCode, log).toBe(exitCodes.peerLost);
    expect(message).toMatchObject({ reason: 'RankKilled', rank: 1, exitCode: 137 });
    expect(ranks.filter(isAlive)).toEqual([]);
  });

  it('leaves no rank behind when kill -9 ends the supervisor', async () => {
    const pod = start('supervisor-killed', { recipe: endless });
    await pod.untilStep(5);
    const ranks = pod.rankPids();
    expect(ranks).toHaveLength(2);
    pod.kill('SIGKILL');
    await until('the end of both ranks', () => (ranks.some(isAlive) ? undefined : true), {
      timeoutMs: endWithinMs,
    });
  });

  it('saves a checkpoint on SIGTERM, and goes on from it to the same bits as without', async () => {
    const every = { steps: 10 };
    const stopped = start('stopped', { every });
    await stopped.untilStep(1);
    stopped.kill('SIGTERM', 'group');
    stopped.kill('SIGTERM', 'group');
    const first = await stopped.ended;
    expect(first.exitCode, first.log).toBe(exitCodes.terminated);
    expect(first.message).toMatchObject({ reason: 'Terminated', checkpoint: { step: first.message?.step } });
    expect(first.message?.step).toBeLessThan(3 * stepsPerEpoch);

    const second = await start('stopped', { every, attempt: 2 }).ended;
    expect(second.exitCode, second.log).toBe(exitCodes.success);
    expect(await stateOf(second.message?.result?.uri)).toMatchObject({
      weightsHash: await undisturbedHash(),
      attempt: 2,
      history: [{ epoch: 1 }, { epoch: 2 }, { epoch: 3 }],
    });
  });

  it('goes on from the last checkpoint after kill -9 to the same bits as without', async () => {
    const every = { steps: 10 };
    const killed = start('continued', { every });
    const saved = await until('a checkpoint', async () => (await killed.progress())?.checkpoint);
    process.kill(killed.rankPids()[0] ?? 0, 'SIGKILL');
    const first = await killed.ended;
    expect(first.message, first.log).toMatchObject({ reason: 'RankKilled', rank: 0 });
    expect(first.message?.checkpoint?.step).toBeGreaterThanOrEqual(saved.step);

    const second = await start('continued', { every, attempt: 2 }).ended;
    expect(second.exitCode, second.log).toBe(exitCodes.success);
    expect(second.log).toContain('training continues');
    expect(await stateOf(second.message?.result?.uri)).toMatchObject({
      weightsHash: await undisturbedHash(),
    });
  });

  it('ends at once when told to stop while it is still starting', async () => {
    const pod = start('stopped-early', { recipe: endless });
    await until('an answer', () => pod.progress());
    pod.kill('SIGTERM', 'group');
    const { exitCode, message } = await pod.ended;
    expect(exitCode).toBe(exitCodes.terminated);
    expect(message).toMatchObject({ reason: 'Terminated' });
  });
});

describe('a trainer pod that cannot do its work', () => {
  it('refuses an assignment that is none', async () => {
    const { exitCode, message } = await startPod('{"run":"small"}').ended;
    expect(exitCode).toBe(exitCodes.invalidRecipe);
    expect(message).toMatchObject({
      reason: 'InvalidRecipe',
      message: expect.stringContaining('podIndex') as string,
    });
  });

  it('names the missing file of its data', async () => {
    const { exitCode, message, log } = await start('no-data', { data: { train: join(folder, 'nowhere') } })
      .ended;
    expect(exitCode, log).toBe(exitCodes.invalidData);
    expect(message).toMatchObject({ reason: 'InvalidData' });
    expect(message?.message).toContain('train-images-idx3-ubyte.gz');
  });

  it('says in which step the loss was lost', async () => {
    const normalize = { mean: [0], std: [1e-300] };
    const { exitCode, message, log } = await start('not-a-number', { data: { normalize } }).ended;
    expect(exitCode, log).toBe(exitCodes.diverged);
    expect(message).toMatchObject({ reason: 'Diverged' });
    expect(message?.message).toMatch(/loss NaN .* in step 1 \(epoch 0\.06\)/);
    expect(existsSync(join(folder, 'not-a-number'))).toBe(false);
  });

  it('does not wait for an exploding loss to overflow', async () => {
    const learningRate = { ...smallSpec().recipe.learningRate, base: 100, per: 1, warmupEpochs: 0 };
    const { exitCode, message, log } = await start('exploded', { recipe: { learningRate } }).ended;
    expect(exitCode, log).toBe(exitCodes.diverged);
    expect(message?.message).toContain('recipe.learningRate.base');
  });

  it('gives up when no checkpoint can be written, after trying again', async () => {
    const notAFolder = join(folder, 'not-a-folder');
    await writeFile(notAFolder, '');
    const pod = start('not-a-folder', { recipe: endless, every: { steps: 5 } });
    const { exitCode, message, log } = await pod.ended;
    expect(exitCode, log).toBe(exitCodes.checkpointFailed);
    expect(message).toMatchObject({ reason: 'CheckpointFailed' });
    expect(message?.message).toContain('4 tries');
    expect(message?.step).toBeGreaterThan(5);
  });
});

describe('two trainer pods', () => {
  async function startTwo(name: string, options: StartOptions): Promise<[TrainerPod, TrainerPod]> {
    const hostsFile = join(folder, `${name}-hosts`);
    const world = { pods: 2, ranksPerPod: 1, spec: specOf(name, options) };
    const leader = startPod(smallAssignment({ ...world, podIndex: 0 }), hostsFile);
    const follower = startPod(smallAssignment({ ...world, podIndex: 1 }), hostsFile);
    // As the node agent does: the name appears only when the pod has its address.
    await writeFile(hostsFile, `${leader.address} small-1-0.small\n`);
    return [leader, follower];
  }

  it('meet, train together and both end well', async () => {
    const [leader, follower] = await startTwo('two-pods', {});
    const ends = await Promise.all([leader.ended, follower.ended]);
    expect(
      ends.map(({ exitCode }) => exitCode),
      ends.map(({ log }) => log).join('\n'),
    ).toEqual([0, 0]);
    expect(ends[0].message?.result).toMatchObject({ epochs: 3 });
    expect(ends[1].message).toMatchObject({ reason: 'Completed' });
  });

  it('tell the one that failed from the one that lost it', async () => {
    const [leader, follower] = await startTwo('two-pods-killed', { recipe: endless });
    await leader.untilStep(3);
    process.kill(follower.rankPids()[0] ?? 0, 'SIGKILL');
    const [lost, failed] = await Promise.all([leader.ended, follower.ended]);
    expect(failed.message).toMatchObject({ reason: 'RankKilled', rank: 1 });
    expect(lost.message).toMatchObject({ reason: 'PeerLost' });
    expect([lost.exitCode, failed.exitCode]).toEqual([exitCodes.peerLost, exitCodes.peerLost]);
  });
});
