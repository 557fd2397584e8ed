import { describe, expect, it } from 'vitest';
import type { Quantiles } from './quantiles.ts';
import { comparisons, verdicts, type RoundFigures } from './verdict.ts';

const all = (value: number): Quantiles => ({ p50: value, p99: value, max: value });
const requests = (own: number) => ({ own, withHelpers: own, everyones: own, ownByVerb: {} });

/** A round in which every time is `time` and every count as given. */
function aRound(
  time: number,
  changes: { own?: number; restartMs?: number; writes?: number } = {},
): RoundFigures {
  const { own = 6, restartMs = 100, writes = 0 } = changes;
  return {
    oneByOne: {
      runs: 50,
      firstPodMs: all(time),
      secondPodMs: all(time),
      bothRunningMs: all(time),
      requestsPerRun: requests(own),
    },
    restarts: { restarts: 5, failedToNewGangMs: all(restartMs) },
    together: [50, 1000].map((runs) => ({
      runs,
      allPodsSeconds: time,
      allRunningSeconds: time,
      allSucceededSeconds: time,
      podsMade: 2 * runs,
      firstPodMs: all(time),
      requestsPerRun: requests(own),
      manager: { cpuSeconds: time, peakMemoryMiB: time },
      ...(runs === 1000 ? { writesInTheNext30s: writes } : {}),
    })),
  };
}

function verdictOf(own: readonly RoundFigures[], theirs: readonly RoundFigures[]) {
  const rounds = new Map([
    ['ours', own],
    ['theirs', theirs],
  ]);
  return verdicts(rounds, comparisons(rounds, 'ours'), 'ours', 'theirs');
}

const broken = (own: readonly RoundFigures[], theirs: readonly RoundFigures[]) =>
  verdictOf(own, theirs).flatMap(({ promise, isKept }) => (isKept ? [] : [promise]));

describe('what the bench of the control loop says of its figures', () => {
  it('compares each figure round by round', () => {
    const rounds = new Map([
      ['ours', [aRound(1), aRound(3), aRound(4)]],
      ['theirs', [aRound(2), aRound(4), aRound(4)]],
    ]);
    const found = comparisons(rounds, 'ours').find(({ figure }) => figure === '50 at once, all pods, s');
    expect(found?.ours).toEqual({ median: 3, minimum: 1, maximum: 4 });
    expect(found?.ratio).toEqual({ of: 'ours', to: 'theirs', median: 0.75, minimum: 0.5, maximum: 1 });
  });

  it('leaves out what another operator does not do', () => {
    const theirs = { ...aRound(2), restarts: { restarts: 5, failedToThatPodReplacedMs: all(30) } };
    const rounds = new Map([
      ['ours', [aRound(1)]],
      ['theirs', [theirs]],
    ]);
    const names = comparisons(rounds, 'ours').map(({ figure }) => figure);
    expect(names).not.toContain('failed pod to new gang p50, ms');
    expect(names).toContain('one at a time, first pod p50, ms');
  });

  it('finds every promise kept at 0.8 of their time, and at none of their time more', () => {
    expect(broken([aRound(0.8)], [aRound(1)])).toEqual([]);
    expect(broken([aRound(0.81)], [aRound(1)])).toEqual([
      '50 at once, all pods, s: ratio to theirs',
      '50 at once, all succeeded, s: ratio to theirs',
      '1000 at once, all pods, s: ratio to theirs',
      '1000 at once, all succeeded, s: ratio to theirs',
      'one at a time, second pod p50, ms: ratio to theirs',
      'one at a time, both running p50, ms: ratio to theirs',
    ]);
    expect(broken([aRound(1.01)], [aRound(1)])).toContain(
      'one at a time, first pod p50, ms: ratio to theirs',
    );
  });

  it('judges ratios by their median, and what is ours alone by the worst round', () => {
    const theirs = [aRound(1), aRound(1), aRound(1)];
    expect(broken([aRound(0.5), aRound(5), aRound(0.5)], theirs)).toEqual([]);
    expect(broken([aRound(0.5), aRound(0.5, { own: 7.1 }), aRound(0.5)], theirs)).toEqual([
      '50 at once: its own requests per run',
    ]);
    expect(broken([aRound(0.5), aRound(0.5), aRound(0.5, { restartMs: 301 })], theirs)).toEqual([
      'failed pod to new gang p50, ms',
    ]);
    expect(broken([aRound(0.5, { writes: 1 }), aRound(0.5), aRound(0.5)], theirs)).toEqual([
      'writes in the 30 s after everything is done',
    ]);
  });
});
