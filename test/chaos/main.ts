import { parseArgs } from 'node:util';
import { setTimeout as sleep } from 'node:timers/promises';
import { until } from '../control-plane/until.ts';
import { withoutSpeed } from '../fixtures/without-speed.ts';
import {
  apply,
  complete,
  failurePolicy,
  recipe,
  statusOf,
  trainers,
  type Outcome,
  type SpecChanges,
} from '../cluster-system/runs.ts';
import { attemptLogs } from '../cluster-system/trainer-logs.ts';
import { openClusterSystem, type ClusterSystem } from '../cluster-system/world.ts';
import { accountOf } from './account.ts';
import { planStrikes, seededRandom, type Strike } from './schedule.ts';

/**
 * `npm run chaos -- --seed S [--faults N] [--epochs N] [--json]`: trains a run twice on a whole cluster, once undisturbed and once
 * with faults in an order that follows from the seed, and compares. Ends with 1 unless both are equal bit for bit.
 */
const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: '0' },
    faults: { type: 'string', default: '20' },
    epochs: { type: 'string', default: '16' },
    json: { type: 'boolean', default: false },
  },
});
const seed = wholeNumber('seed');
const faultCount = wholeNumber('faults');
/** By default long enough that training is not over before the last of twenty faults. */
const epochs = wholeNumber('epochs');
const stepsPerEpoch = 200;
const steps = epochs * stepsPerEpoch;
/** Longest wait for the next step: a lost node, a lease that runs out and a backoff together take less. */
const nextStepTimeoutMs = 180_000;

const random = seededRandom(seed);
const strikes = planStrikes(faultCount, random);
const startedAt = Date.now();
const say = (line: string) => {
  const seconds = ((Date.now() - startedAt) / 1000).toFixed(0);
  process.stderr.write(`chaos ${String(seed)}: ${seconds.padStart(4)} s  ${line}\n`);
};

const system = await openClusterSystem({ stepsPerEpoch });
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => {
    void system.close().finally(() => process.exit(1));
  });
}
try {
  const spec: SpecChanges = {
    recipe: { ...recipe, epochs, seed },
    trainers: { ...trainers, terminationGracePeriodSeconds: 10 },
    failurePolicy: { ...failurePolicy, maxRestarts: 1000, forceDeleteAfter: '1s' },
  };
  say('an undisturbed run');
  await apply(system, 'undisturbed', spec);
  const undisturbed = await complete(system, 'undisturbed');
  say(`undisturbed: ${undisturbed.state.weightsHash}`);
  await apply(system, 'disturbed', spec);
  const struck: { kind: string; step: number }[] = [];
  for (const strike of strikes) {
    const step = await strikeAtItsTime(system, strike);
    if (step === undefined) break;
    struck.push({ kind: strike.kind, step });
    say(`fault ${struck.length}, ${strike.kind}, over; it struck at step ${step}`);
  }
  const disturbed = await complete(system, 'disturbed');
  say(`disturbed: ${disturbed.state.weightsHash}`);
  report(system, undisturbed, disturbed, struck);
} finally {
  await system.close();
}

function wholeNumber(option: 'seed' | 'faults' | 'epochs'): number {
  const value = Number(values[option]);
  if (Number.isSafeInteger(value) && value >= 0) return value;
  throw new TypeError(`--${option} must be a whole number (found "${values[option]}")`);
}

/** Lets a fault happen; the step at which it did, or undefined when the run had ended before. */
async function strikeAtItsTime(world: ClusterSystem, strike: Strike): Promise<number | undefined> {
  const begin = trainedSteps(world).length;
  const isTime = await until(
    'the next step',
    async () => {
      if (trainedSteps(world).length >= begin + strike.afterSteps) return true;
      return (await isOver(world)) ? false : undefined;
    },
    { timeoutMs: nextStepTimeoutMs, everyMs: 200 },
  );
  await sleep(strike.afterMs);
  if (!isTime || (await isOver(world))) return undefined;
  const step = trainedSteps(world).at(-1) ?? 0;
  await strike.fault(world, 'disturbed', (from) => {
    const chosen = from[Math.floor(random() * from.length)];
    if (chosen === undefined) throw new Error('there is nothing to choose from');
    return chosen;
  });
  return step;
}

function trainedSteps(world: ClusterSystem): number[] {
  return attemptLogs(world, 'disturbed').flatMap((log) => log.steps);
}

async function isOver(world: ClusterSystem): Promise<boolean> {
  const { phase } = await statusOf(world, 'disturbed');
  return phase === 'Succeeded' || phase === 'Failed';
}

function report(
  world: ClusterSystem,
  undisturbed: Outcome,
  { status, state }: Outcome,
  struck: readonly { kind: string; step: number }[],
): void {
  const account = accountOf(attemptLogs(world, 'disturbed'), steps);
  const sameWeights = state.weightsHash === undisturbed.state.weightsHash;
  const sameHistory =
    JSON.stringify(withoutSpeed(state.history)) === JSON.stringify(withoutSpeed(undisturbed.state.history));
  const broken = [
    ...account.broken,
    ...world.invariants.broken,
    ...(struck.length < faultCount ? [`the run ended after ${struck.length} faults; raise --epochs`] : []),
    ...(sameWeights ? [] : ['the final weights differ from those of the undisturbed run']),
    ...(sameHistory ? [] : ['the learning curves differ from those of the undisturbed run']),
  ];
  const result = {
    seed,
    faults: struck.length,
    attempts: status.attempt ?? 0,
    restarts: status.restarts,
    ...account,
    sameWeights,
    sameHistory,
    weightsHash: state.weightsHash,
    seconds: Math.round((Date.now() - startedAt) / 1000),
    struck,
    broken,
  };
  process.exitCode = broken.length === 0 ? 0 : 1;
  process.stdout.write(
    values.json
      ? `${JSON.stringify(result, null, 2)}\n`
      : `${struck.length} faults, ${result.attempts} attempts, ${account.stepsLost} of ${steps} steps lost and trained again, ` +
          `${sameWeights ? 'the same' : 'OTHER'} weights${broken.map((text) => `\n${text}`).join('')}\n`,
  );
}
