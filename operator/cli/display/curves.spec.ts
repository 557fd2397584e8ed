import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { drawCurves } from './curves.ts';
import { createStyle } from './style.ts';
import { visibleWidth } from './text.ts';

const losses = fc.double({ min: 0, max: 1e6, noNaN: true });
const ratios = fc.double({ min: 0, max: 1, noNaN: true });
const epochs = fc.array(
  fc.record({
    epoch: fc.integer({ min: 1, max: 200 }),
    trainLoss: losses,
    learningRate: ratios,
    validationLoss: losses,
    top1: ratios,
    top5: ratios,
  }),
  { minLength: 2, maxLength: 30 },
);

describe('curves', () => {
  it('fit the terminal, whatever the figures, in colours or not', () => {
    fc.assert(
      fc.property(epochs, fc.integer({ min: 1, max: 200 }), fc.boolean(), (history, width, colours) => {
        for (const line of drawCurves(history, width, createStyle(colours))) {
          expect(visibleWidth(line)).toBeLessThanOrEqual(width);
        }
      }),
    );
  });

  it('show the loss alone while nothing was evaluated', () => {
    const history = [1, 2, 3].map((epoch) => ({ epoch, trainLoss: 1 / epoch, learningRate: 0.1 }));
    const titles = drawCurves(history, 80, createStyle(false)).filter((line) => line.includes('epochs'));
    expect(titles).toEqual(['   training loss, epochs 1 to 3']);
  });
});
