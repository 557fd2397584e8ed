import { writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { Command } from 'commander';
import type { TrainingRun } from '../../api/v1alpha1/training-run.ts';
import type { TrainingSweep } from '../../api/v1alpha1/training-sweep.ts';
import { toTimestamp } from '../../base/clock.ts';
import { resourceTypes } from '../../cluster/cluster.ts';
import type { CheckpointSummary } from '../checkpoints/checkpoint-documents.ts';
import type { StoreOptions } from '../checkpoints/checkpoints-program.ts';
import { withConnection, type Connection } from '../connection/connection.ts';
import { goOnWithout } from '../connection/go-on-without.ts';
import { choosePlace, withPlaceOptions, type PlaceOptions } from '../connection/place.ts';
import type { CommandContext } from '../context.ts';
import { lastSeenMs, type ReadEvent } from '../display/event-table.ts';
import { commandExitCodes } from '../exit-codes.ts';
import { readCurves } from '../curves/run-curves.ts';
import { findRun } from '../find-runs.ts';
import { readVersion } from '../version.ts';
import type { Moment } from './charts.ts';
import { describeEnvironment } from './environment.ts';
import { findSweep, type FoundSweep } from './find-sweep.ts';
import { listStoredCheckpoints, readOrigin } from './stored-checkpoints.ts';
import { readTrialCurves } from './sweep-curves.ts';

interface ReportOptions extends PlaceOptions, StoreOptions {
  readonly output?: string;
}

/** `ringmaster report NAME` */
export function reportCommand(context: CommandContext, finish: (exitCode: number) => void): Command {
  return withPlaceOptions(new Command('report'))
    .description(
      'Writes one HTML file that needs nothing besides itself. Of a run: result, curves, what happened when, checkpoints, configuration. Of a sweep: the answer with its intervals, parameters and what came of them, the curves of all trials. Curves come from logs and newest checkpoints.',
    )
    .argument('<name>', 'name of a run or a sweep')
    .option('-o, --output <file>', 'where to write it; - is standard output (default: <name>.html)')
    .option('--endpoint <url>', 'endpoint of an S3-compatible store (default: AWS)')
    .option('--credentials <folder>', 'folder with the files AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY')
    .action(async (name: string, options: ReportOptions) => {
      finish(await report(name, options, context));
    });
}

async function report(name: string, options: ReportOptions, context: CommandContext): Promise<number> {
  const place = await choosePlace(options, context);
  const { page, file } = await withConnection(place, context, async (connection) => {
    const sweep = await findSweep(connection, name);
    return sweep === undefined
      ? await runReport(await findRun(connection, name), connection, options, context)
      : await sweepReport(sweep, connection, options, context);
  });
  const { output = file } = options;
  if (output === '-') context.stdout.write(page);
  else {
    await writeFile(resolve(context.workingFolder, output), page);
    context.stdout.write(`${output}\n`);
  }
  return commandExitCodes.success;
}

/** A page and the name of the file that it is written to unless another is asked for. */
interface Report {
  readonly page: string;
  readonly file: string;
}

async function runReport(
  run: TrainingRun,
  connection: Connection,
  store: StoreOptions,
  context: CommandContext,
): Promise<Report> {
  const all: ReadEvent[] = await goOnWithout('the events', [], connection, context, () =>
    connection.cluster.list(resourceTypes.events, connection.scope),
  );
  const events = all
    .filter(({ regarding }) => regarding.uid === run.metadata.uid)
    .map((event) => ({
      at: toTimestamp(lastSeenMs(event)),
      reason: event.reason,
      note: event.note ?? '',
    }))
    .sort((left, right) => left.at.localeCompare(right.at));
  const history = await readCurves(run, connection, store, context);
  const checkpoints = await listStoredCheckpoints(run, store, context);
  // Where none is good, the table says why.
  const origin = checkpoints.some(({ problem }) => problem === undefined)
    ? await readOrigin(run, store, context)
    : undefined;
  const environment = await describeEnvironment(run, origin, connection, context);
  const moments = momentsOf(run, checkpoints, events);
  // Only here: the plotting library takes a while to load.
  const { drawPage } = await import('./page.ts');
  const page = drawPage({ run, history, checkpoints, environment, moments, events, ...madeBy(context) });
  return { page, file: `${run.metadata.name}.html` };
}

async function sweepReport(
  { sweep, runs }: FoundSweep,
  connection: Connection,
  store: StoreOptions,
  context: CommandContext,
): Promise<Report> {
  const curves = await readTrialCurves(runs, connection, store, context);
  const environment = await environmentOf(sweep, runs, connection, store, context);
  const { drawSweepPage } = await import('./sweep-page.ts');
  return {
    page: drawSweepPage({ sweep, curves, environment, ...madeBy(context) }),
    file: `${sweep.metadata.name}.html`,
  };
}

/** That of the best trial, or else of the last that is still there: all trials have the same but for their settings. */
async function environmentOf(
  { status }: TrainingSweep,
  runs: readonly TrainingRun[],
  connection: Connection,
  store: StoreOptions,
  context: CommandContext,
): Promise<[string, string][]> {
  const run = runs.find(({ metadata }) => metadata.name === status?.best?.trial) ?? runs.at(-1);
  if (run === undefined) return [];
  const origin = await readOrigin(run, store, context);
  const rows = await describeEnvironment(run, origin, connection, context);
  return [['trial', `${run.metadata.name}, whose seed, data, weights and places follow`], ...rows];
}

/** When a report is made, and by which release. */
function madeBy({ clock, programFolder }: CommandContext): { madeAt: string; version: string } {
  return { madeAt: toTimestamp(clock.now()), version: readVersion(programFolder) };
}

function momentsOf(
  { status }: TrainingRun,
  checkpoints: readonly CheckpointSummary[],
  events: readonly { readonly at: string; readonly reason: string }[],
): Moment[] {
  const moment = (kind: Moment['kind'], at: string | undefined): Moment[] =>
    at === undefined ? [] : [{ kind, at }];
  return [
    ...moment('start', status?.startTime),
    ...checkpoints.flatMap(({ savedAt }) => moment('checkpoint', savedAt)),
    ...restartsOf(status, events).flatMap((at) => moment('restart', at)),
    ...moment('end', status?.completionTime),
  ];
}

/** A cluster forgets events after an hour; the last failure stands in the status for ever. */
function restartsOf(
  status: TrainingRun['status'],
  events: readonly { readonly at: string; readonly reason: string }[],
): string[] {
  const told = events.filter(({ reason }) => reason === 'RestartScheduled').map(({ at }) => at);
  const last = (status?.restarts?.total ?? 0) === 0 ? undefined : status?.lastFailure?.at;
  return last === undefined || told.some((at) => at >= last) ? told : [...told, last];
}
