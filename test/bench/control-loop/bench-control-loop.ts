import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Contestant } from './contestant.ts';
import { jobSet } from './jobset.ts';
import { inWorld } from './measured-world.ts';
import { ours } from './ours.ts';
import { restarts } from './restarts.ts';
import { runsOneByOne } from './runs-one-by-one.ts';
import { runsTogether } from './runs-together.ts';
import { trainingOperator } from './training-operator.ts';
import { comparisons, verdicts, type RoundFigures } from './verdict.ts';

/** How long every pod runs. */
const podMs = 2_000;
/** Where the end of a pod is only waited for, and nothing is measured by it. */
const shortPodMs = 500;
/** How often a pod fails in each round. */
const restartCount = 5;

export interface ControlLoopOptions {
  /** How often everything is measured. */
  readonly rounds: number;
  /** How many runs to make at once, one measurement for each, from few to many. */
  readonly runCounts: readonly number[];
  /** How many runs to make one after the other. */
  readonly oneByOne: number;
  readonly report: (line: string) => void;
}

/**
 * Measures this operator, training-operator with raised limits of its client, and JobSet, each alone on a new real
 * control plane with fake nodes, in turn. Sets the process' exit code to 1 when a promise is broken.
 */
export async function benchControlLoop(options: ControlLoopOptions): Promise<unknown> {
  const { rounds, runCounts, oneByOne, report } = options;
  await setUp();
  const measure = await trainingOperator();
  const contestants = [ours, measure, await jobSet()];
  const results = new Map(contestants.map(({ name }): [string, RoundFigures[]] => [name, []]));
  const say = (round: number, { name }: Contestant, what: string, figures: unknown) => {
    report(`round ${round} of ${rounds}, ${name}, ${what}: ${JSON.stringify(figures)}`);
  };
  for (let round = 1; round <= rounds; round += 1) {
    const figures = new Map<string, RoundFigures>();
    for (const contestant of contestants) {
      const alone = await inWorld(contestant, shortPodMs, async (world) => ({
        oneByOne: await runsOneByOne(world, oneByOne),
        restarts: await restarts(world, restartCount),
      }));
      say(round, contestant, 'one at a time', alone);
      figures.set(contestant.name, { ...alone, together: [] });
    }
    for (const count of runCounts) {
      for (const contestant of contestants) {
        // The others' idleness is no promise of ours; to see it once is enough.
        const isWatchedAfterwards = count === runCounts.at(-1) && (contestant === ours || round === 1);
        const together = await inWorld(contestant, podMs, (world) =>
          runsTogether(world, count, isWatchedAfterwards),
        );
        say(round, contestant, `${count} at once`, together);
        const before = figures.get(contestant.name);
        if (before !== undefined)
          figures.set(contestant.name, { ...before, together: [...before.together, together] });
      }
    }
    for (const [name, figure] of figures) results.get(name)?.push(figure);
  }
  const compared = comparisons(results, ours.name);
  const judged = verdicts(results, compared, ours.name, measure.name);
  for (const { figure, ours: own, theirs, ratio } of compared)
    report(
      `${figure}: ${own.median} to ${theirs.median} of ${ratio.to}, ratio ${ratio.median.toFixed(2)} (${ratio.minimum.toFixed(2)} to ${ratio.maximum.toFixed(2)})`,
    );
  for (const { promise, value, atMost, isKept } of judged)
    report(`${isKept ? 'kept' : 'BROKEN'}: ${promise} ${value.toFixed(2)}, at most ${atMost}`);
  if (judged.some(({ isKept }) => !isKept)) process.exitCode = 1;
  return { comparisons: compared, verdicts: judged, rounds: Object.fromEntries(results) };
}

/** The control plane and the other operators are for this bench alone, and take long to build the first time. */
async function setUp(): Promise<void> {
  const program = fileURLToPath(new URL('../../../operator/setup/main.mjs', import.meta.url));
  const running = promisify(execFile)(process.execPath, [program, 'control-loop']);
  running.child.stderr?.pipe(process.stderr);
  await running;
}
