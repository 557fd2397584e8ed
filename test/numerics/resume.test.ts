import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, it } from 'vitest';

import { counterRandom } from '../../trainer-image/data/random.ts';
import { decodeSafetensors } from '../../trainer-image/checkpoint/safetensors.ts';
import { floatValues } from '../../trainer-image/tensorflow/host-tensor.ts';
import { runRanks } from '../golden/run-ranks.ts';
import type { ResumeAnswer, ResumeTask } from './ranks/resume.ts';

/** Steps of a run: three epochs of eight. */
const steps = 24;

async function runResume(worldSize: number, task: ResumeTask): Promise<ResumeAnswer> {
  const answers = await runRanks(new URL('ranks/resume.ts', import.meta.url), worldSize, task);
  const [first, ...others] = answers as ResumeAnswer[];
  if (first === undefined) throw new Error('no rank answered');
  for (const { undisturbed, resumed } of others) {
    expect(undisturbed).toEqual(first.undisturbed);
    expect(resumed).toEqual(first.resumed);
  }
  return first;
}

/** Distinct numbers from 1 on, below the end. */
function randomNumbers(count: number, end: number): number[] {
  const random = counterRandom(['stops', count, end]);
  const chosen = new Set<number>();
  while (chosen.size < count) chosen.add(1 + random.integer(end - 1));
  return [...chosen];
}

describe('a run that is stopped and continued', () => {
  it('ends bit-equal to the undisturbed one from any of 20 random steps in float32', async () => {
    const { undisturbed, resumed } = await runResume(1, {
      ...{ precision: 'float32', batchNorm: 'local' },
      stopAfter: randomNumbers(20, steps),
    });
    expect(resumed).toHaveLength(20);
    expect(resumed.some(({ stoppedAt }) => stoppedAt % 8 !== 0)).toBe(true);
    for (const { hash, history, stoppedAt } of resumed) {
      expect(hash, `stopped at ${stoppedAt}`).toBe(undisturbed.hash);
      expect(history).toBe(undisturbed.history);
    }
  });

  it('does so in float16 with averages too, also from within a streak of overflows', async () => {
    const overflowAt = 11;
    const { undisturbed, resumed } = await runResume(1, {
      ...{ precision: 'float16', batchNorm: 'local', overflowAt },
      // The streak begins with the 12th try.
      stopAfter: [...new Set([12, 14, 15, ...randomNumbers(20, 34)])].slice(0, 20),
    });
    expect(undisturbed.skipped).toBeGreaterThan(5);
    expect(undisturbed.tries).toBe(steps + undisturbed.skipped);
    expect(resumed).toHaveLength(20);
    const inStreak = resumed.filter(({ stoppedAt, scale }) => stoppedAt === overflowAt && scale < 32_768);
    expect(inStreak.length).toBeGreaterThanOrEqual(3);
    for (const { hash, history, lossScale, stoppedAt } of resumed) {
      expect(hash, `stopped at ${stoppedAt}`).toBe(undisturbed.hash);
      expect({ history, lossScale }).toEqual({
        history: undisturbed.history,
        lossScale: undisturbed.lossScale,
      });
    }
  });

  it('does so on two ranks', async () => {
    const { undisturbed, resumed } = await runResume(2, {
      ...{ precision: 'float16', batchNorm: 'local', overflowAt: 5 },
      stopAfter: [3, 7, 20],
    });
    for (const { hash } of resumed) expect(hash).toBe(undisturbed.hash);
  });

  it('goes on with the same samples when 2 ranks become 1 or 4', async () => {
    const task: ResumeTask = { precision: 'float64', batchNorm: 'synchronised', stopAfter: [13] };
    const onTwo = await runResume(2, task);
    expect(onTwo.resumed[0]?.hash).toBe(onTwo.undisturbed.hash);
    const folder = await mkdtemp(path.join(tmpdir(), 'resume-'));
    const checkpointFile = path.join(folder, 'checkpoint.json');
    await writeFile(checkpointFile, JSON.stringify(onTwo.checkpoint));
    const finalTensors = ({ tensors }: ResumeAnswer) =>
      decodeSafetensors(Buffer.from(tensors, 'base64'), 'end').tensors.flatMap((tensor) => [
        ...floatValues(tensor),
      ]);
    const expected = finalTensors(onTwo);
    for (const worldSize of [1, 4]) {
      const continued = await runResume(worldSize, { ...task, stopAfter: [], checkpointFile });
      const actual = finalTensors(continued);
      expect(continued.undisturbed.tries).toBe(steps - 13);
      expect(actual).toHaveLength(expected.length);
      const apart = actual.map((value, index) => Math.abs(value - (expected[index] ?? NaN)));
      expect(apart.reduce((most, each) => Math.max(most, each), 0)).toBeLessThan(1e-11);
    }
    await rm(folder, { recursive: true });
  });
});
