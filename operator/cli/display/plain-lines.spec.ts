import { describe, expect, it } from 'vitest';
import type { TrainingRun } from '../../api/v1alpha1/training-run.ts';
import { initialPlainState, plainLines } from './plain-lines.ts';
import { halfway, testRun } from './test-run.ts';

/** Lines printed for looks at a run, each at a second. */
function linesOf(...looks: readonly (readonly [number, TrainingRun])[]): string[] {
  let state = initialPlainState;
  return looks.flatMap(([second, run]) => {
    const result = plainLines(state, run, second * 1000);
    state = result.state;
    return result.lines;
  });
}

/** Training with the last evaluation after this epoch. */
function evaluatedAfter(epoch: number): TrainingRun {
  const { progress } = halfway;
  if (progress?.validation === undefined) throw new TypeError('the status of the specs has an evaluation');
  return testRun({
    ...halfway,
    progress: { ...progress, epoch, validation: { ...progress.validation, epoch } },
  });
}

describe('plain lines', () => {
  it('say every change of phase once', () => {
    const [pending, starting] = [testRun(), testRun({ phase: 'Starting' })];
    expect(linesOf([0, pending], [1, pending], [2, starting], [3, starting])).toEqual([
      'default/quickstart: Pending',
      'default/quickstart: Starting',
    ]);
  });

  it('show every epoch with its figures', () => {
    expect(linesOf([0, evaluatedAfter(1)], [5, evaluatedAfter(1)], [30, evaluatedAfter(2)])).toEqual([
      'default/quickstart: Running',
      'default/quickstart: epoch 1/6  step 1461/2808  loss 0.4312  lr 0.0331  top-1 88.31 %  top-5 99.71 %  validation loss 0.4021  4,980 img/s  ETA 1 min 12 s',
      'default/quickstart: epoch 2/6  step 1461/2808  loss 0.4312  lr 0.0331  top-1 88.31 %  top-5 99.71 %  validation loss 0.4021  4,980 img/s  ETA 1 min 12 s',
    ]);
  });

  it('are at most one in ten seconds for short epochs, but the last epoch is always shown', () => {
    const looks = [1, 2, 3, 4, 5, 6].map((epoch) => [epoch * 4, evaluatedAfter(epoch)] as const);
    const epochs = linesOf(...looks).flatMap((line) => /epoch (\d)/.exec(line)?.[1] ?? []);
    expect(epochs).toEqual(['1', '4', '6']);
  });

  it('are at least one a minute for long epochs', () => {
    const looks = Array.from({ length: 200 }, (_, second) => [second, evaluatedAfter(1)] as const);
    expect(linesOf(...looks).filter((line) => line.includes('epoch'))).toHaveLength(4);
  });
});
