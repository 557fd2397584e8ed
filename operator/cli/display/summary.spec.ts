import { describe, expect, it } from 'vitest';
import { createStyle, wantsColour } from './style.ts';
import { drawSummary } from './summary.ts';
import { halfway, testRun } from './test-run.ts';

const logsFolder = '.ringmaster/logs/default/quickstart';
const history = [1, 2, 3, 4, 5, 6].map((epoch) => ({
  epoch,
  trainLoss: 0.6 + 1.2 / epoch,
  learningRate: 0.05,
  validationLoss: 0.25 + 0.9 / epoch,
  top1: 0.93 - 0.15 / epoch,
  top5: 0.99,
}));
const succeeded = testRun({
  ...halfway,
  phase: 'Succeeded',
  restarts: { total: 1, charged: 0 },
  result: { top1: 0.9123, top5: 0.9987, epochs: 6, trainSeconds: 151, uri: '/checkpoints/step-2808' },
});

describe('a summary', () => {
  it('has the figures, the paths and the curves', () => {
    const lines = drawSummary(succeeded, { width: 70, style: createStyle(false), history, logsFolder });
    expect(lines.join('\n')).toMatchInlineSnapshot(`
      "default/quickstart  Succeeded
        top-1            91.23 %
        top-5            99.87 %
        validation loss  0.4021
        training loss    0.4312
        epochs           6
        training time    2 min 31 s
        images/s         4,980
        restarts         1, 0 of them charged
        checkpoint       /checkpoints/step-2808
        logs             .ringmaster/logs/default/quickstart

         training loss, epochs 1 to 6
         1.800 ┼──╮
         1.675 ┤  ╰─╮
         1.550 ┤    ╰──╮
         1.425 ┤       ╰─╮
         1.300 ┤         ╰──╮
         1.175 ┤            ╰──────╮
         1.050 ┤                   ╰──────────╮
         0.925 ┤                              ╰───────────────────────╮
         0.800 ┤                                                      ╰───

         validation top-1 in %, epochs 1 to 6
         90.50 ┤                                           ╭──────────────
         88.94 ┤                         ╭─────────────────╯
         87.38 ┤                 ╭───────╯
         85.81 ┤           ╭─────╯
         84.25 ┤        ╭──╯
         82.69 ┤      ╭─╯
         81.13 ┤   ╭──╯
         79.56 ┤ ╭─╯
         78.00 ┼─╯"
    `);
  });

  it('puts the curves side by side on a wide terminal', () => {
    const lines = drawSummary(succeeded, { width: 120, style: createStyle(false), history, logsFolder });
    expect(lines.slice(-9).join('\n')).toMatchInlineSnapshot(`
      "   1.800 ┼─╮                                                   90.50 ┤                                  ╭───────────
         1.675 ┤ ╰─╮                                                 88.94 ┤                    ╭─────────────╯
         1.550 ┤   ╰─╮                                               87.38 ┤             ╭──────╯
         1.425 ┤     ╰─╮                                             85.81 ┤        ╭────╯
         1.300 ┤       ╰─╮                                           84.25 ┤      ╭─╯
         1.175 ┤         ╰─────╮                                     82.69 ┤    ╭─╯
         1.050 ┤               ╰────────╮                            81.13 ┤   ╭╯
         0.925 ┤                        ╰──────────────────╮         79.56 ┤ ╭─╯
         0.800 ┤                                           ╰──       78.00 ┼─╯"
    `);
  });

  it('names the cause of a failure first, and has no curves of less than two epochs', () => {
    const failed = testRun({
      phase: 'Failed',
      conditions: [
        {
          type: 'Failed',
          status: 'True',
          reason: 'PermanentFailure',
          message: 'it would happen again',
          lastTransitionTime: '2026-01-01T00:00:00Z',
        },
      ],
      lastFailure: {
        attempt: 1,
        pod: 'quickstart-1-0',
        reason: 'InvalidData',
        exitCode: 65,
        message: 'train-images is truncated',
        at: '2026-01-01T00:00:00Z',
      },
    });
    const settings = { width: 80, style: createStyle(false), history: history.slice(0, 1), logsFolder };
    expect(drawSummary(failed, settings)).toEqual([
      'default/quickstart  Failed',
      '  failed  PermanentFailure: it would happen again',
      '  cause   attempt 1 failed: InvalidData, pod quickstart-1-0, exit code 65: train-images is truncated',
      `  logs    ${logsFolder}`,
    ]);
  });

  it('draws a flat curve', () => {
    const flat = history.map((point) => ({ ...point, trainLoss: 1, validationLoss: 1, top1: 0 }));
    const lines = drawSummary(succeeded, { width: 60, style: createStyle(true), history: flat, logsFolder });
    expect(lines.length).toBeGreaterThan(20);
  });
});

describe('colours', () => {
  it.each([
    [true, {}, true],
    [false, {}, false],
    [true, { NO_COLOR: '1' }, false],
    [true, { NO_COLOR: '' }, true],
    [true, { TERM: 'dumb' }, false],
  ])('on a terminal (%s) with %o are wanted: %s', (isTerminal, environment, wanted) => {
    expect(wantsColour(isTerminal, environment)).toBe(wanted);
  });
});
