import { describe, expect, it } from 'vitest';
import { drawBoard, type BoardSettings } from './board.ts';
import { createStyle } from './style.ts';
import { halfway, testRun } from './test-run.ts';

const settings: BoardSettings = {
  width: 120,
  rows: 20,
  style: createStyle(false),
  nowMs: Date.parse('2026-01-01T00:00:02Z'),
  place: 'namespace vision of context prod',
  withNamespace: false,
};
const runs = [
  testRun({ ...halfway, phase: 'Succeeded', result: resultOf(0.91) }, 'done'),
  testRun(halfway, 'resnet50-d'),
  testRun({ phase: 'Queued' }, 'later'),
];

function resultOf(top1: number) {
  return { top1, top5: 1, epochs: 6, trainSeconds: 60, uri: '/checkpoints/step-2808' };
}

describe('the board of runs', () => {
  it('counts phases, puts what is going on first, and has a bar for each run', () => {
    expect(drawBoard(runs, settings)).toMatchInlineSnapshot(`
      [
        "3 runs in namespace vision of context prod: 1 Running, 1 Queued, 1 Succeeded",
        "NAME        PHASE      PROGRESS                               EPOCH    TOP-1    LOSS  IMG/S         ETA",
        "resnet50-d  Running    ███████████████▌──────────────  52 %  3.12/6  88.31 %  0.4312  4,980  1 min 10 s",
        "later       Queued     ──────────────────────────────",
        "done        Succeeded  ███████████████▌──────────────  52 %  3.12/6  91.00 %  0.4312",
      ]
    `);
  });

  it('leaves out what matters least where the terminal is narrow', () => {
    const lines = drawBoard(runs, { ...settings, width: 80 });
    expect(lines).toMatchInlineSnapshot(`
      [
        "3 runs in namespace vision of context prod: 1 Running, 1 Queued, 1 Succeeded",
        "NAME        PHASE      PROGRESS                EPOCH    TOP-1  IMG/S         ETA",
        "resnet50-d  Running    ███████▊───────  52 %  3.12/6  88.31 %  4,980  1 min 10 s",
        "later       Queued     ───────────────",
        "done        Succeeded  ███████▊───────  52 %  3.12/6  91.00 %",
      ]
    `);
    for (let width = 40; width < 130; width += 1) {
      for (const line of drawBoard(runs, { ...settings, width }))
        expect(line.length).toBeLessThanOrEqual(width);
    }
  });

  it('says how many runs there is no room for', () => {
    const many = Array.from({ length: 30 }, (_, index) => testRun(halfway, `run-${index}`));
    const lines = drawBoard(many, { ...settings, rows: 10 });
    expect(lines).toHaveLength(10);
    expect(lines.at(-1)).toBe('and 23 more, which need a taller terminal');
  });

  it('is one line where there are none', () => {
    expect(drawBoard([], settings)).toEqual(['no runs in namespace vision of context prod']);
  });
});
