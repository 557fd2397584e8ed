import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { labels } from '../../api/v1alpha1/group.ts';
import type { TrainingRun } from '../../api/v1alpha1/training-run.ts';
import type { TrainingSweep } from '../../api/v1alpha1/training-sweep.ts';
import { describeError } from '../../base/errors.ts';
import { resourceTypes, type Cluster } from '../../cluster/cluster.ts';
import { commandExitCodes } from '../exit-codes.ts';
import { describeSweep, drawAnswers, drawTrials, sweepCsv, sweepJson } from '../sweep-table.ts';
import { followSweep } from '../sweep/follow-sweep.ts';
import { submitSweep } from '../sweep/submit-sweep.ts';
import { openSweepDisplay } from '../sweep/sweep-display.ts';
import { takeInterruptions } from './interruption.ts';
import { openLocalWorld } from './local-world.ts';
import { shortPath } from './short-path.ts';
import { endPods } from './stop-runs.ts';
import { keyOf } from './submission.ts';
import type { TrainingSettings } from './training-settings.ts';

export interface SweepOutcome {
  readonly exitCode: number;
  /** The sweep as it is at the end. */
  readonly objects: readonly TrainingSweep[];
}

const type = resourceTypes.trainingSweeps;

/** Submits a sweep, follows it to its end or until it is suspended, and prints the answer. */
export async function trainSweep(wanted: TrainingSweep, settings: TrainingSettings): Promise<SweepOutcome> {
  const { context, folder, gpus, log, quiet } = settings;
  const { programFolder, clock, signals } = context;
  const world = await openLocalWorld({ folder, gpuSlots: gpus, programFolder, clock, log });
  try {
    const { sweep: submitted } = await submitSweep(world.cluster, wanted, settings);
    const display = openSweepDisplay({ output: context.stderr, signals, quiet });
    const attempt = (what: string, work: Promise<unknown>) => {
      display.say(what);
      work.catch((error: unknown) => display.say(`this failed: ${describeError(error)}`));
    };
    const interruption = takeInterruptions(signals, clock, {
      onFirst: () =>
        attempt(
          'saving checkpoints, press again to stop at once',
          world.cluster.patch(type, keyOf(submitted), { spec: { suspend: true } }),
        ),
      onSecond: () => attempt('stopping at once', endTrials(world.cluster, submitted)),
    });
    try {
      world.start();
      const sweep = await followSweep(
        world.cluster,
        submitted,
        (changed) => display.update([changed]),
        world.broken,
      );
      display.close();
      const files = await exportTable(sweep, folder);
      if (!quiet) summarize(sweep, files, settings);
      return { objects: [sweep], exitCode: exitCodeOf(sweep, interruption.received()) };
    } finally {
      display.close();
      interruption.release();
    }
  } finally {
    await world.close();
  }
}

async function endTrials(cluster: Cluster, { metadata }: TrainingSweep): Promise<void> {
  const selection = { labels: { [labels.sweepUid]: metadata.uid ?? '' } };
  await endPods(cluster, await cluster.list<TrainingRun>(resourceTypes.trainingRuns, selection));
}

/** Writes the table as CSV and JSON; the paths of the two. */
async function exportTable(sweep: TrainingSweep, folder: string): Promise<string[]> {
  const { namespace, name } = keyOf(sweep);
  const place = join(folder, 'sweeps', namespace, name);
  await mkdir(place, { recursive: true });
  const files = [join(place, 'table.csv'), join(place, 'table.json')] as const;
  await writeFile(files[0], sweepCsv(sweep));
  await writeFile(files[1], sweepJson(sweep));
  return [...files];
}

function summarize(sweep: TrainingSweep, files: readonly string[], settings: TrainingSettings): void {
  const { context, continueCommand } = settings;
  const output = settings.output === undefined ? context.stdout : context.stderr;
  const answers = drawAnswers(sweep);
  const lines = [
    ...(answers.length > 0 ? answers : drawTrials(sweep, Infinity).slice(1)),
    '',
    describeSweep(sweep),
    ...(sweep.status?.phase === 'Suspended' ? [`to continue: ${continueCommand}`] : []),
    ...files.map((file) => shortPath(file, context.workingFolder)),
  ];
  output.write(`${lines.join('\n')}\n`);
}

function exitCodeOf({ status }: TrainingSweep, signal: 'SIGINT' | 'SIGTERM' | undefined): number {
  if (status?.phase === 'Succeeded') return commandExitCodes.success;
  if (status?.phase !== 'Failed' && signal !== undefined)
    return signal === 'SIGINT' ? commandExitCodes.interrupted : commandExitCodes.terminated;
  return commandExitCodes.failed;
}
