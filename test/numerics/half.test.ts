import { describe, expect, it } from 'vitest';

import { runRanks } from '../golden/run-ranks.ts';
import type { HalfAnswer, HalfQuestion, HalfTask } from './ranks/half.ts';

async function run<Name extends HalfTask>(
  task: Name,
  precision: HalfQuestion['precision'],
  worldSize: number,
): Promise<HalfAnswer<Name>[]> {
  const question: HalfQuestion = { task, precision };
  return (await runRanks(
    new URL('ranks/half.ts', import.meta.url),
    worldSize,
    question,
  )) as HalfAnswer<Name>[];
}

/** |a - b| / |b| over all elements of all tensors. */
function relativeError(a: Record<string, number[]>, b: Record<string, number[]>): number {
  let [apart, size] = [0, 0];
  for (const [name, values] of Object.entries(b)) {
    values.forEach((value, index) => {
      apart += ((a[name]?.[index] ?? NaN) - value) ** 2;
      size += value ** 2;
    });
  }
  return Math.sqrt(apart / size);
}

describe('half precision', () => {
  it('has the loss and gradients of float32 as far as its digits go, and is no float32', async () => {
    const [exact] = await run('oneStep', 'float64', 1);
    const [single] = await run('oneStep', 'float32', 1);
    const errorOf = async (precision: 'float16' | 'bfloat16') => {
      const [half] = await run('oneStep', precision, 1);
      expect(half?.outcome.finite).toBe(true);
      expect(half?.outcome.loss).toBeCloseTo(exact?.outcome.loss ?? NaN, 1);
      return relativeError(half?.gradients ?? {}, exact?.gradients ?? {});
    };
    const singleError = relativeError(single?.gradients ?? {}, exact?.gradients ?? {});
    const [float16, bfloat16] = [await errorOf('float16'), await errorOf('bfloat16')];
    // Eight layers with kinks, on noise, amplify the last of 10 and of 7 bits to 5 % and 15 %.
    expect(singleError).toBeLessThan(1e-4);
    expect(float16).toBeGreaterThan(1e-4);
    expect(float16).toBeLessThan(0.1);
    expect(bfloat16).toBeGreaterThan(float16);
    expect(bfloat16).toBeLessThan(0.3);
  });

  it('is not changed by a loss scale that is a power of two, while nothing over- or underflows', async () => {
    for (const precision of ['float32', 'bfloat16'] as const) {
      const [answer] = await run('rescale', precision, 1);
      expect(answer?.hashes[0]).toBe(answer?.hashes[1]);
    }
  });

  it('halves the scale of all ranks at the same step and leaves everything as it is on overflow', async () => {
    const answers = await run('overflow', 'float16', 2);
    expect(answers[1]).toEqual(answers[0]);
    const [answer] = answers;
    expect(answer?.scales.slice(0, 3)).toEqual([2 ** 19, 2 ** 18, 2 ** 17]);
    expect(new Set(answer?.between)).toEqual(new Set([answer?.before]));
    expect(answer?.after).not.toBe(answer?.before);
  });
});

describe('the search for what is not finite', () => {
  it('names what was first, on every rank', async () => {
    const answers = await run('diagnose', 'float32', 2);
    expect(answers).toHaveLength(2);
    for (const answer of answers) {
      expect(answer).toEqual({
        nothing: 'nothing',
        images: 'the images',
        weight: 'the value of bn1.bias',
        gradient: 'the gradient of fc.bias',
        halfGradient: 'nothing',
      });
    }
  });

  it('names in float16 the last of what is computed in it, where the backward pass begins', async () => {
    const [answer] = await run('diagnose', 'float16', 1);
    expect(answer?.halfGradient).toBe('the gradient of layer3.0.downsample.2.bias');
  });
});
