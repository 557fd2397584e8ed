import { execFile } from 'node:child_process';
import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { exitCodes } from '../../../operator/api/trainer/exit-codes.ts';
import { until } from '../../control-plane/until.ts';
import { smallSpec } from '../../fixtures/small-spec.ts';
import { openTrainerWorld, readState, stepsPerEpoch, type TrainerWorld } from './trainer-world.ts';

const evaluateProgram = fileURLToPath(new URL('../../../trainer-image/evaluate.ts', import.meta.url));

let world: TrainerWorld;
/** SHA-256 of weights, statistics and momentum at the end of a training that nothing disturbed. */
let undisturbedHash: string;

beforeAll(async () => {
  world = await openTrainerWorld();
  const { exitCode, message, log } = await world.start('undisturbed').ended;
  expect(exitCode, log).toBe(exitCodes.success);
  undisturbedHash = (await readState(message?.result?.uri)).weightsHash;
});
afterEach(() => world.endPods());
afterAll(() => world.remove());

describe('a trainer pod of two ranks', () => {
  it('trains to the end, saves what it reports, and answers meanwhile', async () => {
    const learningRate = { ...smallSpec().recipe.learningRate, base: 1 };
    const pod = world.start('whole', { data: { augmentation: 'none' }, recipe: { epochs: 8, learningRate } });
    const steps = 8 * stepsPerEpoch;
    expect(await pod.untilStep(1)).toMatchObject({ runUid: 'a-uid', attempt: 1, progress: { steps } });
    expect(await pod.get('/healthz')).toMatchObject({ status: 200 });
    expect(await pod.get('/readyz')).toMatchObject({ status: 200 });
    expect((await pod.get('/metrics')).body).toMatch(/^ringmaster_trainer_images_total \d+$/m);

    const { exitCode, message, log } = await pod.ended;
    expect(exitCode, log).toBe(exitCodes.success);
    expect(message).toMatchObject({ reason: 'Completed', step: steps, progress: { percent: 100 } });
    expect(message?.result?.top1).toBeGreaterThan(0.9);
    expect(message?.result?.uri).toBe(message?.checkpoint?.uri);
    expect(await readdir(pod.folder)).toEqual(['termination-log']);

    const { stdout } = await promisify(execFile)(process.execPath, [
      evaluateProgram,
      message?.result?.uri ?? '',
    ]);
    const { top1, top5 } = message?.result ?? {};
    expect(JSON.parse(stdout)).toMatchObject({ top1, top5, count: 100, step: steps });
  });

  it('saves a checkpoint on SIGTERM, and goes on from it to the same bits as without', async () => {
    const stopped = world.start('stopped');
    await stopped.untilStep(1);
    stopped.kill('SIGTERM', 'group');
    stopped.kill('SIGTERM', 'group');
    const first = await stopped.ended;
    expect(first.exitCode, first.log).toBe(exitCodes.terminated);
    expect(first.message).toMatchObject({ reason: 'Terminated', checkpoint: { step: first.message?.step } });
    expect(first.message?.step).toBeLessThan(3 * stepsPerEpoch);

    const second = await world.start('stopped', { attempt: 2 }).ended;
    expect(second.exitCode, second.log).toBe(exitCodes.success);
    expect(await readState(second.message?.result?.uri)).toMatchObject({
      weightsHash: undisturbedHash,
      attempt: 2,
      history: [{ epoch: 1 }, { epoch: 2 }, { epoch: 3 }],
    });
  });

  it('goes on from the last checkpoint after kill -9 to the same bits as without', async () => {
    const every = { steps: 10 };
    const killed = world.start('continued', { every });
    const saved = await until('a checkpoint', async () => (await killed.progress())?.checkpoint);
    process.kill(killed.rankPids()[0] ?? 0, 'SIGKILL');
    const first = await killed.ended;
    expect(first.message, first.log).toMatchObject({ reason: 'RankKilled', rank: 0 });
    expect(first.message?.checkpoint?.step).toBeGreaterThanOrEqual(saved.step);

    const second = await world.start('continued', { every, attempt: 2 }).ended;
    expect(second.exitCode, second.log).toBe(exitCodes.success);
    expect(second.log).toContain('training continues');
    expect(await readState(second.message?.result?.uri)).toMatchObject({ weightsHash: undisturbedHash });
  });

  it('has nothing to train when a finished run is started again', async () => {
    const { exitCode, message, log } = await world.start('undisturbed', { attempt: 2 }).ended;
    expect(exitCode, log).toBe(exitCodes.success);
    expect(message).toMatchObject({
      reason: 'Completed',
      result: { epochs: 3, uri: message?.checkpoint?.uri },
    });
    expect((await readState(message?.result?.uri)).weightsHash).toBe(undisturbedHash);
  });
});

describe('two trainer pods', () => {
  it('meet, train together and both end well', async () => {
    const hostsFile = join(world.folder, 'hosts');
    const [leader, follower] = world.startTwo('two-pods', hostsFile);
    // As the node agent does: the name appears only when the pod has its address.
    await writeFile(hostsFile, `${leader.address} small-1-0.small\n`);
    const [led, followed] = await Promise.all([leader.ended, follower.ended]);
    expect([led.exitCode, followed.exitCode], led.log + followed.log).toEqual([0, 0]);
    expect(followed.message).toMatchObject({ reason: 'Completed' });
    expect((await readState(led.message?.result?.uri)).history).toHaveLength(3);
  });
});
