import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { median } from '../../../operator/search/median.ts';
import {
  bestFound,
  branin,
  hartmann,
  rateAndChoice,
} from '../../../operator/search/testing/test-problems.ts';

/** Searches of each problem, each from a seed of its own. */
const seedCount = 30;

const problems = { branin, hartmann, rateAndChoice };

/** What TPE finds on functions with known minima, beside random search and Optuna's `TPESampler(multivariate=False)`. */
export async function benchSearch(options: {
  readonly python: string;
  readonly report: (line: string) => void;
}): Promise<unknown> {
  const script = new URL('optuna_search.py', import.meta.url).pathname;
  const { stdout } = await promisify(execFile)(options.python, [script, String(seedCount)]);
  const optuna = JSON.parse(stdout) as Record<string, readonly number[]>;
  const seeds = Array.from({ length: seedCount }, (_, seed) => seed);
  options.report('the best that was found, median (least to greatest) of the seeds');
  return Object.entries(problems).map(([name, problem]) => {
    const found = {
      tpe: seeds.map((seed) => bestFound(problem, 'tpe', seed)),
      optuna: optuna[name] ?? [],
      random: seeds.map((seed) => bestFound(problem, 'random', seed)),
    };
    const figures = Object.entries(found).map(([who, losses]) => `${who} ${describeLosses(losses)}`);
    options.report(
      `${name}, ${problem.trials} trials: ${figures.join(', ')}, minimum ${problem.minimum.toFixed(3)}`,
    );
    return { name, trials: problem.trials, minimum: problem.minimum, ...found };
  });
}

function describeLosses(losses: readonly number[]): string {
  const figure = (loss: number) => loss.toFixed(3);
  return `${figure(median(losses) ?? NaN)} (${figure(Math.min(...losses))} to ${figure(Math.max(...losses))})`;
}
