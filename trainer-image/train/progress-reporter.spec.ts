import { describe, expect, it } from 'vitest';
import type { Clock } from '../../operator/base/clock.ts';
import { createProgressReporter } from './progress-reporter.ts';
import type { RankProgress } from './rank-protocol.ts';
import type { StepOutcome } from './replica.ts';
import { untrained } from './training-position.ts';

type Try = { readonly step: number; readonly finite: boolean } & Pick<StepOutcome, 'allReduce'>;

/** A reporter of 100 steps of 10 images whose clock stands at the end of all steps. */
function report(tries: readonly Try[]): RankProgress[] {
  const messages: RankProgress[] = [];
  const nowMs = 0;
  const reporter = createProgressReporter({
    plan: {
      ...{ batchSize: 10, stepsPerEpoch: 10, epochs: 10, steps: 100 },
      epochsAt: (step) => step / 10,
      endsEpoch: () => false,
      checkpointDue: () => false,
    },
    from: untrained,
    leads: true,
    // As it arrives at the supervisor, which is sent JSON.
    report: (message) => messages.push(JSON.parse(JSON.stringify(message)) as RankProgress),
    residentMemoryBytes: () => 1,
    clock: { now: () => nowMs } as Clock,
  });
  reporter.say('Starting');
  for (const { step, finite, ...more } of tries) {
    const value = finite ? step : NaN;
    reporter.noteStep({
      ...{ step, learningRate: 0.1, lossScale: finite ? 4 : 8, dataWaitMs: 0, durationMs: 100 },
      outcome: {
        ...{ loss: value, gradientNorm: value, finite, correct: 0, stopRequested: false, durationMs: 90 },
        ...more,
      },
    });
  }
  reporter.say('Training');
  return messages;
}

describe('the figures of steps', () => {
  it('leave out what a skipped step made of loss and gradient', () => {
    const [, message] = report([
      { step: 1, finite: true },
      { step: 1, finite: false },
      { step: 1, finite: false },
      { step: 2, finite: true },
      { step: 2, finite: false },
    ]);
    expect(message?.metrics).toMatchObject({ loss: 2, gradientNorm: 2, skippedSteps: 3, images: 20 });
    // Four tries of 100 ms for two steps of 10 images.
    expect(message?.progress).toMatchObject({ step: 2, imagesPerSecond: 50 });
    expect(message?.progress?.loss).toBeCloseTo((0.95 * 1 + 2) / 1.95, 9);
  });

  it('add up the time of all-reduces, also of steps that were skipped, if there are any', () => {
    const allReduce = { totalMs: 30, exposedMs: 10 };
    const [, several] = report([
      { step: 1, finite: true, allReduce },
      { step: 1, finite: false, allReduce },
    ]);
    expect(several?.metrics?.allReduceSeconds).toEqual({ total: 0.06, exposed: 0.02 });
    const [, alone] = report([{ step: 1, finite: true }]);
    expect(alone?.metrics).not.toHaveProperty('allReduceSeconds');
  });

  it('have no loss where no step was finite', () => {
    const [, message] = report([{ step: 0, finite: false }]);
    expect(message?.metrics).toMatchObject({ skippedSteps: 1, images: 0, lossScale: 8 });
    expect(message?.metrics).not.toHaveProperty('loss');
    expect(message?.metrics).not.toHaveProperty('gradientNorm');
    expect(message?.progress).not.toHaveProperty('loss');
  });
});
