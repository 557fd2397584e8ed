import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { drawRunBlock } from './run-block.ts';
import { createStyle } from './style.ts';
import { halfway, testRun } from './test-run.ts';
import { visibleWidth } from './text.ts';

const plain = createStyle(false);
const nowMs = Date.parse('2026-01-01T00:00:12Z');

describe('the block of a run', () => {
  it('shows bar, share, epoch, phase and name, then the figures, with the estimate counted down', () => {
    expect(drawRunBlock(testRun(halfway), { width: 79, style: plain, nowMs })).toEqual([
      '███████████████▌──────────────  52 %  epoch 3.12/6  Running  default/quickstart',
      '  loss 0.4312  lr 0.0331  top-1 88.31 %  4,980 img/s  ETA 1 min 00 s',
    ]);
  });

  it('leaves out what matters least where columns are few', () => {
    const figures = [69, 60, 45, 35, 20].map(
      (width) => drawRunBlock(testRun(halfway), { width, style: plain, nowMs })[1],
    );
    expect(figures).toEqual([
      '  loss 0.4312  lr 0.0331  top-1 88.31 %  4,980 img/s  ETA 1 min 00 s',
      '  loss 0.4312  top-1 88.31 %  4,980 img/s  ETA 1 min 00 s',
      '  loss 0.4312  top-1 88.31 %  ETA 1 min 00 s',
      '  loss 0.4312  top-1 88.31 %',
      '  top-1 88.31 %',
    ]);
  });

  it('says what it waits for before the first step', () => {
    const run = testRun({
      phase: 'Starting',
      conditions: [
        {
          type: 'Running',
          status: 'True',
          reason: 'GangStarting',
          message: 'Starting 1 pod.',
          lastTransitionTime: '2026-01-01T00:00:00Z',
        },
      ],
    });
    expect(drawRunBlock(run, { width: 60, style: plain, nowMs })).toEqual([
      '────────────────────────   0 %  Starting  default/quickstart',
      '  Starting 1 pod.',
    ]);
    expect(drawRunBlock(testRun(), { width: 60, style: plain, nowMs })[1]).toBe(
      '  waiting for the first step',
    );
  });

  it('never takes more columns than there are, in colours or not', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 200 }), fc.boolean(), (width, colours) => {
        for (const line of drawRunBlock(testRun(halfway), { width, style: createStyle(colours), nowMs })) {
          expect(visibleWidth(line)).toBeLessThanOrEqual(width);
        }
      }),
    );
  });
});
