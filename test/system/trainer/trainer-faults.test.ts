import { mkdir, rename, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { exitCodes } from '../../../operator/api/trainer/exit-codes.ts';
import { until } from '../../control-plane/until.ts';
import { smallSpec } from '../../fixtures/small-spec.ts';
import { isAlive } from './trainer-pod.ts';
import { endless, openTrainerWorld, type TrainerWorld } from './trainer-world.ts';

/** All processes of a pod must be gone so soon after one of them fails. */
const endWithinMs = 5000;

let world: TrainerWorld;
beforeAll(async () => {
  world = await openTrainerWorld();
});
afterEach(() => world.endPods());
afterAll(() => world.remove());

describe('a trainer pod in which something dies', () => {
  it('names the rank that kill -9 ended and ends all others within five seconds', async () => {
    const pod = world.start('rank-killed', { recipe: endless });
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
    const pod = world.start('supervisor-killed', { recipe: endless });
    await pod.untilStep(5);
    const ranks = pod.rankPids();
    expect(ranks).toHaveLength(2);
    pod.kill('SIGKILL');
    await until('the end of both ranks', () => (ranks.some(isAlive) ? undefined : true), {
      timeoutMs: endWithinMs,
    });
  });

  it('tells, of two pods, the one that failed from the one that lost it', async () => {
    const hostsFile = join(world.folder, 'hosts');
    const [leader, follower] = world.startTwo('two-pods', hostsFile, { recipe: endless });
    await writeFile(hostsFile, `${leader.address} small-1-0.small\n`);
    await leader.untilStep(3);
    process.kill(follower.rankPids()[0] ?? 0, 'SIGKILL');
    const [lost, failed] = await Promise.all([leader.ended, follower.ended]);
    expect(failed.message, failed.log).toMatchObject({ reason: 'RankKilled', rank: 1 });
    expect(lost.message, lost.log).toMatchObject({ reason: 'PeerLost' });
    expect([lost.exitCode, failed.exitCode]).toEqual([exitCodes.peerLost, exitCodes.peerLost]);
  });

  it('ends at once when told to stop while it is still starting', async () => {
    const pod = world.start('stopped-early', { recipe: endless });
    await until('an answer', () => pod.progress());
    pod.kill('SIGTERM', 'group');
    const { exitCode, message } = await pod.ended;
    expect(exitCode).toBe(exitCodes.terminated);
    expect(message).toMatchObject({ reason: 'Terminated' });
  });
});

describe('a trainer pod that cannot do its work', () => {
  it('refuses an assignment that is none', async () => {
    const { exitCode, message } = await world.startPod({ assignment: '{"run":"small"}' }).ended;
    expect(exitCode).toBe(exitCodes.invalidRecipe);
    expect(message?.reason).toBe('InvalidRecipe');
    expect(message?.message).toContain('podIndex');
  });

  it('names the missing file of its data', async () => {
    const nowhere = join(world.folder, 'nowhere');
    const { exitCode, message, log } = await world.start('no-data', { data: { train: nowhere } }).ended;
    expect(exitCode, log).toBe(exitCodes.invalidData);
    expect(message?.reason).toBe('InvalidData');
    expect(message?.message).toContain('train-images-idx3-ubyte.gz');
  });

  it('says in which step the loss was lost, and saves nothing of it', async () => {
    const normalize = { mean: [0], std: [1e-300] };
    const { exitCode, message, log } = await world.start('not-a-number', { data: { normalize } }).ended;
    expect(exitCode, log).toBe(exitCodes.diverged);
    expect(message?.reason).toBe('Diverged');
    expect(message?.message).toMatch(/loss NaN .* in step 1 \(epoch 0\.06\)/);
    expect(message?.checkpoint).toBeUndefined();
  });

  it('does not wait for an exploding loss to overflow', async () => {
    const learningRate = { ...smallSpec().recipe.learningRate, base: 100, per: 1, warmupEpochs: 0 };
    const { exitCode, message, log } = await world.start('exploded', { recipe: { learningRate } }).ended;
    expect(exitCode, log).toBe(exitCodes.diverged);
    expect(message?.message).toContain('Lower recipe.learningRate.base');
  });

  it('gives up when checkpoints cannot be written any more, after trying again while it trains on', async () => {
    const place = (name: string) => join(world.folder, name);
    await mkdir(place('disk'));
    await writeFile(place('no-disk'), '');
    await symlink('disk', place('mount'));
    await symlink('no-disk', place('mount.next'));
    const pod = world.start('mount', { recipe: endless, every: { steps: 5 } });
    await until('a checkpoint', async () => (await pod.progress())?.checkpoint);
    // In one moment, so that no folder can be made in between.
    await rename(place('mount.next'), place('mount'));
    const { exitCode, message, log } = await pod.ended;
    expect(exitCode, log).toBe(exitCodes.checkpointFailed);
    expect(message?.reason).toBe('CheckpointFailed');
    expect(message?.message).toContain('in 9 tries');
    expect(message?.step).toBeGreaterThan((message?.checkpoint?.step ?? 0) + 5);
  });

  it('neither trains nor saves once a newer attempt has saved', async () => {
    const newer = await world.start('fenced', { attempt: 2, recipe: { epochs: 1 } }).ended;
    expect(newer.exitCode, newer.log).toBe(exitCodes.success);
    const older = await world.start('fenced', { attempt: 1, recipe: { epochs: 1 } }).ended;
    expect(older.exitCode, older.log).toBe(exitCodes.peerLost);
    expect(older.message?.reason).toBe('Fenced');
  });
});
