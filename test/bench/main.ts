import { homedir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { benchAutoscaling } from './autoscaling/bench-autoscaling.ts';
import { benchSimulation } from './autoscaling/bench-simulation.ts';
import { benchCheckpoints } from './checkpoint.ts';
import { benchControlLoop } from './control-loop/bench-control-loop.ts';
import { benchFullSize } from './full-size/bench-full-size.ts';
import { benchInput } from './input/bench-input.ts';
import { benchOperatorImage } from './operator-image/bench-operator-image.ts';
import { benchSearch } from './search/bench-search.ts';
import { benchSweepPlan } from './sweep-plan.ts';
import { benchStep } from './step/bench-step.ts';

/* `npm run bench -- step|full-size|input|checkpoint|control-loop|operator-image|autoscaling|simulation|sweep-plan|search [--rounds N] [--seeds N] [--first-seed N] [--sizes N,N] [--one-by-one N] [--json]`: run it on an otherwise idle machine. */

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: {
    /** Default 5; 3 of the control loop, which takes more than half an hour as it is. */
    rounds: { type: 'string' },
    seeds: { type: 'string', default: '20' },
    'first-seed': { type: 'string', default: '0' },
    sizes: { type: 'string', default: '50,300,1000' },
    'one-by-one': { type: 'string', default: '50' },
    json: { type: 'boolean', default: false },
  },
});
const name = positionals[0] ?? '';
const rounds = Number(values.rounds ?? (name === 'control-loop' ? 3 : 5));
const runCounts = values.sizes.split(',').map(Number);
const oneByOne = Number(values['one-by-one']);
const report = (line: string) => {
  process.stderr.write(`${line}\n`);
};
const cacheFolder = join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'ringmaster');

const benches: Readonly<Record<string, () => Promise<unknown>>> = {
  step: () =>
    benchStep({
      rounds,
      data: join(process.cwd(), '.ringmaster/data/fashion-mnist'),
      python: join(cacheFolder, 'bench/venv/bin/python'),
      report,
    }),
  'full-size': () => benchFullSize({ rounds, python: join(cacheFolder, 'bench/venv/bin/python'), report }),
  input: () => benchInput({ rounds, python: join(cacheFolder, 'bench/venv/bin/python'), report }),
  checkpoint: () => benchCheckpoints(rounds),
  'operator-image': () => benchOperatorImage({ rounds, report }),
  autoscaling: () =>
    benchAutoscaling({ firstSeed: Number(values['first-seed']), seeds: Number(values.seeds), report }),
  simulation: () => benchSimulation(report),
  search: () => benchSearch({ python: join(cacheFolder, 'bench/venv/bin/python'), report }),
  'sweep-plan': () => Promise.resolve(benchSweepPlan(report)),
  'control-loop': () => benchControlLoop({ rounds, runCounts, oneByOne, report }),
};

const bench = benches[name];
const isCount = (value: number) => Number.isInteger(value) && value >= 1;
if (bench === undefined || ![rounds, oneByOne, ...runCounts].every(isCount)) {
  report(
    `usage: npm run bench -- ${Object.keys(benches).join('|')} [--rounds N] [--json]
control-loop: [--rounds 3] [--sizes 50,300,1000, how many runs at once, from few to many] [--one-by-one 50, how many runs after each other]`,
  );
  process.exitCode = 64;
} else {
  const result = await bench();
  process.stdout.write(`${values.json ? JSON.stringify(result) : JSON.stringify(result, undefined, 2)}\n`);
}
