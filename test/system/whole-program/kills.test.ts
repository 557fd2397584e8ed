import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import {
  finalState,
  openProgramWorld,
  printedRun,
  trainerProcesses,
  type ProgramWorld,
  type TrainerProcess,
  type Typed,
} from './program.ts';

let world: ProgramWorld;
let undisturbedHash: string;

beforeAll(async () => {
  world = await openProgramWorld();
  const typed = world.type(
    'run',
    await world.writeRun('undisturbed'),
    '--output',
    'json',
    '--dir',
    'undisturbed',
  );
  const { code, stdout, stderr } = await typed.ended;
  expect(code, stderr).toBe(0);
  undisturbedHash = (await finalState(printedRun(stdout))).weightsHash;
});

afterAll(async () => {
  await world.dispose();
});

/** Kills one trainer process of a role at a random moment of its training, and says how long ranks outlived it. */
async function killAtRandom(role: TrainerProcess['role']): Promise<{ millisecondsUntilAllEnded: number }> {
  const victims = await vi.waitUntil(
    () => {
      const found = trainerProcesses(world.folder);
      return found.filter((candidate) => candidate.role === 'rank').length === 2 ? found : undefined;
    },
    { timeout: 30_000, interval: 10 },
  );
  await wait(500 + Math.random() * 2500);
  const ofRole = victims.filter((candidate) => candidate.role === role);
  const victim = ofRole[Math.floor(Math.random() * ofRole.length)];
  if (victim === undefined) throw new Error(`no ${role} runs`);
  process.kill(victim.pid, 'SIGKILL');
  return untilEnded(victims);
}

async function untilEnded(
  victims: readonly TrainerProcess[],
): Promise<{ millisecondsUntilAllEnded: number }> {
  const killedAt = Date.now();
  const pids = new Set(victims.map(({ pid }) => pid));
  await vi.waitUntil(() => trainerProcesses(world.folder).every(({ pid }) => !pids.has(pid)), {
    timeout: 30_000,
    interval: 10,
  });
  return { millisecondsUntilAllEnded: Date.now() - killedAt };
}

async function outcomeOf(typed: Typed) {
  const { code, stdout, stderr } = await typed.ended;
  expect(code, stderr).toBe(0);
  const run = printedRun(stdout);
  return { status: run.status ?? {}, weightsHash: (await finalState(run)).weightsHash, stderr };
}

describe('a run with two ranks', () => {
  it('outlives a rank that is killed with -9: the rank is named, the gang restarts, the result is the same', async () => {
    const typed = world.type(
      'run',
      await world.writeRun('rank-killed'),
      '--output',
      'json',
      '--dir',
      'rank-killed',
    );
    const { millisecondsUntilAllEnded } = await killAtRandom('rank');
    expect(millisecondsUntilAllEnded).toBeLessThan(5000);
    const { status, weightsHash, stderr } = await outcomeOf(typed);
    expect(status.lastFailure).toMatchObject({ attempt: 1, reason: 'RankKilled', exitCode: 137 });
    expect([0, 1]).toContain(status.lastFailure?.rank);
    expect(status).toMatchObject({ phase: 'Succeeded', attempt: 2, restarts: { total: 1 } });
    expect(stderr).toContain('attempt 1 failed: RankKilled');
    expect(weightsHash).toBe(undisturbedHash);
  });

  it('outlives its supervisor being killed with -9', async () => {
    const typed = world.type(
      'run',
      await world.writeRun('head-killed'),
      '--output',
      'json',
      '--dir',
      'head-killed',
    );
    const { millisecondsUntilAllEnded } = await killAtRandom('supervisor');
    expect(millisecondsUntilAllEnded).toBeLessThan(5000);
    const { status, weightsHash } = await outcomeOf(typed);
    expect(status).toMatchObject({
      phase: 'Succeeded',
      attempt: 2,
      lastFailure: { attempt: 1, exitCode: 137, reason: 'Signalled' },
    });
    expect(weightsHash).toBe(undisturbedHash);
  });

  it('goes on when the whole program, node agent and all, was killed with -9 and is started again', async () => {
    const words = ['run', await world.writeRun('all-killed'), '--output', 'json', '--dir', 'all-killed'];
    const first = world.type(...words);
    const victims = await vi.waitUntil(
      () => {
        const found = trainerProcesses(world.folder);
        return found.length === 3 ? found : undefined;
      },
      { timeout: 30_000, interval: 10 },
    );
    await wait(500 + Math.random() * 2500);
    first.process.kill('SIGKILL');
    expect((await first.ended).code).toBe(137);

    const second = world.type(...words);
    const { millisecondsUntilAllEnded } = await untilEnded(victims);
    expect(millisecondsUntilAllEnded).toBeLessThan(5000);
    const { status, weightsHash } = await outcomeOf(second);
    expect(status).toMatchObject({ phase: 'Succeeded', attempt: 2, restarts: { total: 1, charged: 0 } });
    expect(weightsHash).toBe(undisturbedHash);
  });

  it('saves on Ctrl-C, and the same command continues to the same result', async () => {
    const words = ['run', await world.writeRun('interrupted'), '--output', 'json', '--dir', 'interrupted'];
    const first = world.type(...words);
    await vi.waitUntil(() => trainerProcesses(world.folder).length === 3, { timeout: 30_000, interval: 10 });
    await wait(1000 + Math.random() * 1500);
    first.process.kill('SIGINT');
    const { code, stderr } = await first.ended;
    expect(code).toBe(130);
    expect(stderr).toContain('to continue: ringmaster run interrupted.yaml');
    expect(trainerProcesses(world.folder)).toEqual([]);

    const { status, weightsHash } = await outcomeOf(world.type(...words));
    expect(status).toMatchObject({ phase: 'Succeeded', restarts: { total: 0 } });
    expect(weightsHash).toBe(undisturbedHash);
  });
});
