import { figuresOf, ratioOf, type Figures, type Ratio } from '../rounds.ts';
import type { RestartFigures } from './restarts.ts';
import type { OneByOneFigures } from './runs-one-by-one.ts';
import type { TogetherFigures } from './runs-together.ts';

/** What was measured of one operator in one round. */
export interface RoundFigures {
  readonly oneByOne: OneByOneFigures;
  readonly restarts: RestartFigures;
  readonly together: readonly TogetherFigures[];
}

/** One figure of this operator beside another's. */
export interface Comparison {
  readonly figure: string;
  readonly ours: Figures;
  readonly theirs: Figures;
  /** Ours by theirs, round by round. */
  readonly ratio: Ratio;
}

/** Something that is promised, and whether it is so. */
export interface Verdict {
  readonly promise: string;
  readonly value: number;
  readonly atMost: number;
  readonly isKept: boolean;
}

/** Every round of every operator, by its name. */
export type Rounds = ReadonlyMap<string, readonly RoundFigures[]>;

/** How much of training-operator's time ours may take, where that is promised. */
const sharesOfItsTime = { firstPod: 1, everythingElse: 0.8 } as const;
const mostRequestsPerRun = 7;
const longestRestartMs = 300;

const allPods = 'all pods, s';
const allSucceeded = 'all succeeded, s';
const firstPod = 'one at a time, first pod p50, ms';
const secondPod = 'one at a time, second pod p50, ms';
const bothRunning = 'one at a time, both running p50, ms';
const newGang = 'failed pod to new gang p50, ms';

/** Every figure of ours that another operator has too, beside each of the others'. */
export function comparisons(rounds: Rounds, ours: string): Comparison[] {
  const peers = [...rounds.keys()].filter((name) => name !== ours);
  const sizes = (rounds.get(ours)?.[0]?.together ?? []).map(({ runs }) => runs);
  return peers.flatMap((peer) =>
    [...figures(sizes)].flatMap(([figure, valueOf]) => {
      const values = (name: string) => (rounds.get(name) ?? []).map(valueOf);
      const [own, other] = [values(ours), values(peer)];
      if (own.concat(other).some((value) => !Number.isFinite(value))) return [];
      const ratio = ratioOf(
        new Map([
          [ours, own],
          [peer, other],
        ]),
        ours,
        peer,
      );
      return { figure, ours: figuresOf(own), theirs: figuresOf(other), ratio };
    }),
  );
}

/** Every promise: of a ratio its median is judged, of what is ours alone the worst round. */
export function verdicts(
  rounds: Rounds,
  compared: readonly Comparison[],
  ours: string,
  measure: string,
): Verdict[] {
  const own = rounds.get(ours) ?? [];
  const judge = (promise: string, value: number, atMost: number): Verdict => ({
    ...{ promise, value, atMost },
    isKept: value <= atMost,
  });
  const worst = (valueOf: (round: RoundFigures) => number) => Math.max(...own.map(valueOf));
  const ratios = compared
    .filter(({ figure, ratio }) => ratio.to === measure && isPromised(figure))
    .map(({ figure, ratio }) =>
      judge(
        `${figure}: ratio to ${measure}`,
        ratio.median,
        figure === firstPod ? sharesOfItsTime.firstPod : sharesOfItsTime.everythingElse,
      ),
    );
  const smallest = own[0]?.together[0]?.runs ?? 0;
  return [
    ...ratios,
    judge(
      `${smallest} at once: its own requests per run`,
      worst(({ together }) => together[0]?.requestsPerRun.own ?? NaN),
      mostRequestsPerRun,
    ),
    judge(newGang, worst(newGangMs), longestRestartMs),
    judge(
      'writes in the 30 s after everything is done',
      worst(({ together }) => together.at(-1)?.writesInTheNext30s ?? NaN),
      0,
    ),
  ];
}

function isPromised(figure: string): boolean {
  return (
    [firstPod, secondPod, bothRunning].includes(figure) ||
    figure.endsWith(allPods) ||
    figure.endsWith(allSucceeded)
  );
}

function newGangMs({ restarts }: RoundFigures): number {
  return 'failedToNewGangMs' in restarts ? restarts.failedToNewGangMs.p50 : NaN;
}

/** Every figure that is compared, and how it is read; NaN where an operator has none. */
function figures(sizes: readonly number[]): Map<string, (round: RoundFigures) => number> {
  const together = sizes.flatMap((size, index): [string, (round: RoundFigures) => number][] => {
    const figure = (name: string, valueOf: (figures: TogetherFigures) => number) =>
      [
        `${size} at once, ${name}`,
        (round: RoundFigures) => {
          const found = round.together[index];
          return found === undefined ? NaN : valueOf(found);
        },
      ] satisfies [string, (round: RoundFigures) => number];
    return [
      figure(allPods, ({ allPodsSeconds }) => allPodsSeconds),
      figure('all running, s', ({ allRunningSeconds }) => allRunningSeconds),
      figure(allSucceeded, ({ allSucceededSeconds }) => allSucceededSeconds),
      figure('own requests per run', ({ requestsPerRun }) => requestsPerRun.own),
      figure("requests per run with its helpers'", ({ requestsPerRun }) => requestsPerRun.withHelpers),
      figure("everyone's requests per run", ({ requestsPerRun }) => requestsPerRun.everyones),
      figure('CPU, s', ({ manager }) => manager.cpuSeconds),
      figure('peak memory, MiB', ({ manager }) => manager.peakMemoryMiB),
    ];
  });
  return new Map([
    ...together,
    [firstPod, ({ oneByOne }: RoundFigures) => oneByOne.firstPodMs.p50],
    [secondPod, ({ oneByOne }: RoundFigures) => oneByOne.secondPodMs.p50],
    [bothRunning, ({ oneByOne }: RoundFigures) => oneByOne.bothRunningMs.p50],
    [newGang, newGangMs],
  ]);
}
