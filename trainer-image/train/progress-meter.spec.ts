import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createProgressMeter } from './progress-meter.ts';
import type { TrainingPlan } from './training-plan.ts';

const plan: TrainingPlan = {
  batchSize: 64,
  stepsPerEpoch: 100,
  epochs: 4,
  steps: 400,
  epochsAt: (step) => step / 100,
  endsEpoch: (step) => step % 100 === 0,
  checkpointDue: () => false,
};

/** A meter after `count` steps of the same loss and duration. */
function meterAfter(count: number, durationMs: number, loss = 1) {
  const meter = createProgressMeter(plan, 0, undefined);
  for (let step = 1; step <= count; step += 1) meter.noteStep(step, { loss }, 0.1, durationMs);
  return meter;
}

describe('the progress meter', () => {
  it('says nothing of rate, loss or time left before the first step', () => {
    expect(createProgressMeter(plan, 120, undefined).read(0)).toEqual({
      epoch: 1.2,
      epochs: 4,
      step: 120,
      steps: 400,
      percent: 30,
      updatedAt: '1970-01-01T00:00:00Z',
    });
  });

  it('gives the images a second of the last ten seconds of training', () => {
    const meter = meterAfter(50, 1000);
    expect(meter.read(0)).toMatchObject({ imagesPerSecond: 64, etaSeconds: 350 });
    for (let step = 51; step <= 151; step += 1) meter.noteStep(step, { loss: 1 }, 0.1, 100);
    expect(meter.read(0)).toMatchObject({ imagesPerSecond: 640, etaSeconds: 25 });
  });

  it('counts the evaluations that are to come into the time left', () => {
    const meter = meterAfter(100, 100);
    meter.noteValidation({ epoch: 1, top1: 0.5, top5: 0.9, loss: 1.5 }, 2000);
    expect(meter.read(0)).toMatchObject({ etaSeconds: 30 + 3 * 2, validation: { epoch: 1 } });
  });

  it('starts the smoothed loss at the first loss, not at zero', () => {
    expect(meterAfter(1, 10, 2.3).read(0).loss).toBeCloseTo(2.3, 12);
  });

  it('keeps the smoothed loss between the least and the greatest', () => {
    const losses = fc.array(fc.double({ min: 0, max: 10, noNaN: true }), { minLength: 1, maxLength: 300 });
    fc.assert(
      fc.property(losses, (values) => {
        const meter = createProgressMeter(plan, 0, undefined);
        values.forEach((loss, index) => {
          meter.noteStep(index + 1, { loss }, 0.1, 5);
        });
        const { loss = NaN } = meter.read(0);
        expect(loss).toBeGreaterThanOrEqual(Math.min(...values) - 1e-9);
        expect(loss).toBeLessThanOrEqual(Math.max(...values) + 1e-9);
      }),
    );
  });

  it('rounds percent down, so that 100 means finished', () => {
    expect(meterAfter(399, 10).read(0).percent).toBe(99);
    expect(meterAfter(400, 10).read(0)).toMatchObject({ percent: 100, etaSeconds: 0 });
  });
});
