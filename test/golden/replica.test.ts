import { once } from 'node:events';
import { performance } from 'node:perf_hooks';
import { describe, expect, it } from 'vitest';

import type { ReplicaAnswer, ReplicaTask } from './ranks/replica.ts';
import { runRanks, startRanks } from './run-ranks.ts';

async function run<Name extends ReplicaTask>(task: Name, worldSize: number) {
  return (await runRanks('replica', worldSize, task)) as ReplicaAnswer<Name>[];
}

async function runOne<Name extends ReplicaTask>(task: Name): Promise<ReplicaAnswer<Name>> {
  const [answer] = await run(task, 1);
  if (answer === undefined) throw new Error('no rank answered');
  return answer;
}

describe('a replica', () => {
  it('computes captured what it computes operation by operation', async () => {
    const { captured, eager, largestError, compared } = await runOne('compareEager');
    expect(compared).toBeGreaterThan(50);
    expect(largestError).toBeLessThan(1e-6);
    expect(eager).toEqual([captured.loss, 1, captured.gradientNorm, captured.correct, 0, 0]);
  });

  it('leaves everything as it is when loss or gradient are not finite, and goes on', async () => {
    const { before, after, skipped, next } = await runOne('meetNaN');
    expect(skipped).toBe(false);
    expect(after).toBe(before);
    expect(next).toMatchObject({ finite: true, loss: expect.any(Number) as number });
  });

  it('continues from a snapshot bit for bit', async () => {
    const { uninterrupted, resumed, weightsOnly, lacking, unknown, untrained } = await runOne('resume');
    expect(resumed).toBe(uninterrupted);
    expect(weightsOnly).toBe(true);
    expect(lacking).toContain('no value of conv1.weight is given');
    expect(unknown).toContain('no tensor named x');
    expect(untrained).toBe('RangeError: the model has no tensor named bn1.running_mean.momentum');
  });

  it('evaluates a batch as the sum of its parts', async () => {
    const { whole, parts } = await runOne('evaluateInParts');
    const sum = (name: 'lossSum' | 'top1' | 'top5' | 'count') =>
      parts.reduce((total, part) => total + part[name], 0);
    expect({ top1: sum('top1'), top5: sum('top5'), count: sum('count') }).toEqual({
      top1: whole.top1,
      top5: whole.top5,
      count: 10,
    });
    expect(sum('lossSum')).toBeCloseTo(whole.lossSum, 3);
    expect(whole.top5).toBeGreaterThanOrEqual(whole.top1);
  });

  it('holds as many tensors and as much memory after 800 steps as after 200, and none when closed', async () => {
    const { before, after, traced, closed } = await runOne('stayFlat');
    expect(after.tensors).toBe(before.tensors);
    expect(traced).toBe(0);
    expect(closed).toBe(0);
    // A leak of the weights alone would add 180 MiB; the collector of JavaScript moves a few.
    expect(after.memoryMiB / before.memoryMiB).toBeLessThan(1.05);
  });

  it('refuses a batch whose arrays do not fit its count', async () => {
    const { images, empty } = await runOne('misuse');
    expect(images).toBe('RangeError: 9 images have 576 elements, got 512');
    expect(empty).toBe('RangeError: a batch of 0 samples cannot be used');
  });
});

describe('two replicas', () => {
  it('stay bit-equal over 20 steps of uneven shares, and stop after the same step', async () => {
    const [first, second] = await run('trainTogether', 2);
    expect(second?.hash).toBe(first?.hash);
    const metrics = (answer: typeof first) =>
      answer?.outcomes.map((outcome) => ({ ...outcome, durationMs: 0, allReduce: undefined }));
    expect(metrics(second)).toEqual(metrics(first));
    expect(first?.outcomes.map(({ stopRequested }) => stopRequested).indexOf(true)).toBe(7);
    expect(first?.outcomes.filter(({ stopRequested }) => stopRequested)).toHaveLength(1);
    expect(first?.sums).toEqual([2, 2 ** 41 + 1]);
  });

  it('tell how long all-reduces took and who came late, and compute the very same when not timed', async () => {
    const answers = await run('timeAllReduces', 2);
    for (const { outcomes, hash, untimedHash } of answers) {
      expect(untimedHash).toBe(hash);
      for (const { allReduce, durationMs } of outcomes) {
        expect(allReduce?.totalMs).toBeGreaterThan(0);
        expect(allReduce?.totalMs).toBeLessThan(durationMs);
        expect(allReduce?.exposedMs).toBeGreaterThan(0);
        expect(allReduce?.exposedMs).toBeLessThanOrEqual(allReduce?.totalMs ?? 0);
      }
    }
    // The one that was late waits for nobody.
    const [waited, late] = answers;
    expect(waited?.ofLateStep?.exposedMs).toBeGreaterThan(0.75 * (waited?.lateMs ?? Infinity));
    expect(late?.ofLateStep?.totalMs).toBeLessThan(0.75 * (late?.lateMs ?? 0));
  });

  it('both skip a step that is not finite on one of them', async () => {
    const answers = await run('meetNaN', 2);
    for (const { before, after, skipped, next } of answers) {
      expect(skipped).toBe(false);
      expect(after).toBe(before);
      expect(next.finite).toBe(true);
    }
    expect(answers[1]?.next.loss).toBe(answers[0]?.next.loss);
  });

  it('both notice a single other bit on one of them', async () => {
    for (const { error } of await run('diverge', 2))
      expect(error).toMatch(/^ReplicasDiverged: rank \d holds/);
  });

  it('notice within five seconds that the other was killed', async () => {
    const ranks = await startRanks<ReplicaTask>('replica', 2, 'losePeer');
    try {
      const [survivor, victim] = ranks;
      if (survivor === undefined || victim === undefined)
        throw new Error('two ranks should have been started');
      await Promise.all(ranks.map(({ process }) => once(process, 'message')));
      const answer = once(survivor.process, 'message');
      const killedMs = performance.now();
      victim.process.kill('SIGKILL');
      expect(await answer).toEqual([{ error: expect.stringMatching(/^PeerLost: /) as string }, undefined]);
      expect(performance.now() - killedMs).toBeLessThan(5000);
    } finally {
      for (const { process } of ranks) process.kill('SIGKILL');
      await Promise.allSettled(ranks.map(({ answer }) => answer));
    }
  });
});
