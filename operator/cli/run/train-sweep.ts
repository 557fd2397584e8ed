import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { labels } from '../../api/v1alpha1/group.ts';
import type { TrainingRun } from '../../api/v1alpha1/training-run.ts';
import type { TrainingSweep } from '../../api/v1alpha1/training-sweep.ts';
import { describeError, RingmasterError } from '../../base/errors.ts';
import { isClusterError } from '../../cluster/cluster-error.ts';
import { resourceTypes, type Cluster } from '../../cluster/cluster.ts';
import { mergePatchOf } from '../../controllers/merge-patch-of.ts';
import { answersOf } from '../../search/answers.ts';
import { CommandError } from '../command-error.ts';
import { commandExitCodes } from '../exit-codes.ts';
import {
  changesOfTrials,
  describeSweep,
  drawAnswers,
  drawTrials,
  settingsOf,
  sweepCsv,
} from '../sweep-table.ts';
import { openLiveRegion } from '../display/live-region.ts';
import { columnsOf, rowsOf } from '../display/terminal-size.ts';
import { takeInterruptions } from './interruption.ts';
import { openLocalWorld } from './local-world.ts';
import { shortPath } from './short-path.ts';
import { endPods } from './stop-runs.ts';
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
    const submitted = await submitSweep(wanted, world.cluster, settings);
    const display = openSweepDisplay(settings);
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
      const sweep = await followSweep(world.cluster, submitted, display.update, world.broken);
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

/** Creates the sweep, or goes on with the one that is there; what may change of a sweep is changed. */
async function submitSweep(
  wanted: TrainingSweep,
  cluster: Cluster,
  { replace }: TrainingSettings,
): Promise<TrainingSweep> {
  const key = keyOf(wanted);
  const existing = await cluster.get<TrainingSweep>(type, key);
  if (existing !== undefined && replace) await removeSweep(cluster, existing);
  if (existing === undefined || replace) return await cluster.create<TrainingSweep>(type, wanted);
  const patch = mergePatchOf(existing.spec, wanted.spec);
  if (patch === undefined) return existing;
  try {
    return await cluster.patch<TrainingSweep>(type, key, { spec: patch });
  } catch (error) {
    if (!isClusterError(error, 'Invalid')) throw error;
    const cure = 'give the new one another metadata.name, or pass --replace to start anew';
    throw new CommandError(`${error.message}; ${cure}`, { cause: error });
  }
}

/** Deletes a sweep and waits until its trials are gone too. Their checkpoints stay. */
async function removeSweep(cluster: Cluster, { metadata }: TrainingSweep): Promise<void> {
  const selection = { labels: { [labels.sweepUid]: metadata.uid ?? '' } };
  await cluster.delete<TrainingSweep>(type, {
    namespace: metadata.namespace ?? 'default',
    name: metadata.name,
  });
  const left = new Set(
    (await cluster.list<TrainingRun>(resourceTypes.trainingRuns, selection)).map((run) => run.metadata.uid),
  );
  const watching = new AbortController();
  try {
    for await (const event of cluster.watch<TrainingRun>(
      resourceTypes.trainingRuns,
      selection,
      watching.signal,
    )) {
      if (event.type === 'synced') {
        const there = await cluster.list<TrainingRun>(resourceTypes.trainingRuns, selection);
        if (there.length === 0) return;
      } else if (event.type === 'deleted') left.delete(event.object.metadata.uid);
      if (left.size === 0) return;
    }
  } finally {
    watching.abort();
  }
}

async function endTrials(cluster: Cluster, { metadata }: TrainingSweep): Promise<void> {
  const selection = { labels: { [labels.sweepUid]: metadata.uid ?? '' } };
  await endPods(cluster, await cluster.list<TrainingRun>(resourceTypes.trainingRuns, selection));
}

async function followSweep(
  cluster: Cluster,
  submitted: TrainingSweep,
  onChange: (sweep: TrainingSweep) => void,
  signal: AbortSignal,
): Promise<TrainingSweep> {
  const watching = new AbortController();
  try {
    const ending = AbortSignal.any([signal, watching.signal]);
    for await (const event of cluster.watch<TrainingSweep>(type, {}, ending)) {
      if (event.type === 'synced' || event.object.metadata.uid !== submitted.metadata.uid) continue;
      const { object: sweep } = event;
      if (event.type === 'deleted')
        throw new RingmasterError('SweepDeleted', `the sweep ${sweep.metadata.name} was deleted`);
      onChange(sweep);
      if (isAtRest(sweep)) return sweep;
    }
  } finally {
    watching.abort();
  }
  signal.throwIfAborted();
  throw new RingmasterError('WatchEnded', 'the watch on the sweep ended before it did');
}

/** Whether the status is about this spec and says that nothing goes on. */
function isAtRest({ metadata, spec, status }: TrainingSweep): boolean {
  if (status?.observedGeneration !== metadata.generation) return false;
  const { phase } = status ?? {};
  return phase === 'Succeeded' || phase === 'Failed' || (spec.suspend && phase === 'Suspended');
}

interface SweepDisplay {
  readonly update: (sweep: TrainingSweep) => void;
  readonly say: (line: string) => void;
  /** May be called more than once. */
  readonly close: () => void;
}

/** A table that is drawn over on a terminal, a line for each change elsewhere. */
function openSweepDisplay({ context, quiet }: TrainingSettings): SweepDisplay {
  const { stderr, signals } = context;
  const region = !quiet && stderr.isTTY === true ? openLiveRegion(stderr, signals) : undefined;
  let last: TrainingSweep | undefined;
  let isOpen = true;
  return {
    update: (sweep) => {
      const width = columnsOf(stderr) - 1;
      if (region !== undefined)
        region.draw(drawTrials(sweep, rowsOf(stderr) - 1).map((line) => line.slice(0, width)));
      else if (!quiet) for (const line of changesOfTrials(last, sweep)) stderr.write(`${line}\n`);
      last = sweep;
    },
    say: (line) => {
      if (region === undefined) stderr.write(`${line}\n`);
      else region.print([line]);
    },
    close: () => {
      if (isOpen) region?.close();
      isOpen = false;
    },
  };
}

/** Writes the table as CSV and JSON; the paths of the two. */
async function exportTable(sweep: TrainingSweep, folder: string): Promise<string[]> {
  const { namespace, name } = keyOf(sweep);
  const place = join(folder, 'sweeps', namespace, name);
  await mkdir(place, { recursive: true });
  const trials = (sweep.status?.trials ?? []).map((row) => ({ ...row, settings: settingsOf(sweep, row) }));
  const answer = { sweep: name, objective: sweep.spec.objective, answers: answersOf(sweep), trials };
  const files = [join(place, 'table.csv'), join(place, 'table.json')] as const;
  await writeFile(files[0], sweepCsv(sweep));
  await writeFile(files[1], `${JSON.stringify(answer, undefined, 2)}\n`);
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

function keyOf({ metadata }: TrainingSweep) {
  return { namespace: metadata.namespace ?? 'default', name: metadata.name };
}
