import { assert, array, boolean, property } from 'fast-check';
import { describe, expect, it } from 'vitest';

import { initialLossScale, nextLossScale, type LossScale } from './loss-scale.ts';

const dynamic = initialLossScale({ lossScale: 'dynamic', lossScaleValue: 32_768 });

/** The scales after each of the steps: F for finite, O for an overflow. */
function scales(from: LossScale, steps: string, interval?: number): (number | undefined)[] {
  let state: LossScale | undefined = from;
  return Array.from(steps, (step) => {
    if (state !== undefined) state = nextLossScale('dynamic', state, step === 'F', interval);
    return state?.scale;
  });
}

describe('the dynamic loss scale', () => {
  it('doubles after an interval of finite steps and halves on overflow', () => {
    const from = { scale: 8, finiteSteps: 0 };
    expect(scales(from, 'FFFOFFOFFF', 3)).toEqual([8, 8, 16, 8, 8, 8, 4, 4, 4, 8]);
  });

  it('starts at 32,768 and doubles after 2,000 finite steps', () => {
    const steps = scales(dynamic, 'F'.repeat(2000));
    expect(steps.at(-2)).toBe(32_768);
    expect(steps.at(-1)).toBe(65_536);
  });

  it('starts to count anew after an overflow', () => {
    const state = nextLossScale('dynamic', { scale: 8, finiteSteps: 1999 }, false);
    expect(state).toEqual({ scale: 4, finiteSteps: 0 });
  });

  it('gives up when a step overflows without a scale', () => {
    expect(scales(dynamic, 'O'.repeat(16))).toEqual([
      ...[16_384, 8192, 4096, 2048, 1024, 512, 256, 128, 64, 32, 16, 8, 4, 2, 1],
      undefined,
    ]);
  });

  it('stays a power of two, so that scaling and unscaling round nothing', () => {
    assert(
      property(array(boolean(), { maxLength: 200 }), (finite) => {
        const steps = scales(dynamic, finite.map((each) => (each ? 'F' : 'O')).join(''), 2);
        for (const scale of steps) {
          if (scale !== undefined) expect(Number.isInteger(Math.log2(scale))).toBe(true);
        }
      }),
    );
  });
});

describe('other loss scales', () => {
  it('never change, and no step that is not finite is forgiven', () => {
    const state = initialLossScale({ lossScale: 'static', lossScaleValue: 128 });
    expect(state.scale).toBe(128);
    expect(nextLossScale('static', state, true)).toEqual(state);
    expect(nextLossScale('static', state, false)).toBeUndefined();
    expect(initialLossScale({ lossScale: 'none', lossScaleValue: 128 }).scale).toBe(1);
    expect(nextLossScale('none', { scale: 1, finiteSteps: 0 }, false)).toBeUndefined();
  });
});
