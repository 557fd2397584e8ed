import { join } from 'node:path';
import { Command, Option } from 'commander';
import type { TrainingRun } from '../../api/v1alpha1/training-run.ts';
import { CommandError } from '../command-error.ts';
import { withCluster } from '../connection/connection.ts';
import { choosePlace, withPlaceOptions, type FolderPlace, type PlaceOptions } from '../connection/place.ts';
import type { CommandContext } from '../context.ts';
import { formatLogJson, formatLogLine } from '../display/log-text.ts';
import { describeFailure } from '../display/notices.ts';
import { createStyle, wantsColour } from '../display/style.ts';
import { commandExitCodes } from '../exit-codes.ts';
import { findRun } from '../find-runs.ts';
import { takeInterruptions } from '../run/interruption.ts';
import { clusterLogs } from './cluster-logs.ts';
import { folderLogs } from './folder-logs.ts';
import { followLogs } from './follow-logs.ts';
import type { LogLine } from './log-line.ts';
import type { LogSource, PodLog } from './log-source.ts';
import { mergeByTime } from './merge-lines.ts';

interface LogsOptions extends PlaceOptions {
  readonly follow: boolean;
  readonly tail?: number;
  readonly attempt?: number;
  readonly previous: boolean;
  readonly rank?: number;
  readonly output?: 'json';
}

/** `ringmaster logs NAME` */
export function logsCommand(context: CommandContext, finish: (exitCode: number) => void): Command {
  return withPlaceOptions(new Command('logs'))
    .description(
      'Shows the output of all pods and ranks of a run in order of time, each line with attempt, pod and rank before it. Without an attempt it is that of the newest.',
    )
    .argument('<name>', 'name of a run')
    .option('-f, --follow', 'go on until the run has ended, also with attempts to come', false)
    .option('--tail <lines>', 'only so many lines from the end of each pod', wholeNumber('--tail', 0))
    .option('--attempt <number>', 'of this attempt', wholeNumber('--attempt', 1))
    .option('-p, --previous', 'of the attempt before the newest', false)
    .option('--rank <number>', 'only what this rank wrote', wholeNumber('--rank', 0))
    .addOption(new Option('-o, --output <format>', 'each line as a JSON object').choices(['json']))
    .action(async (name: string, options: LogsOptions) => {
      finish(await showLogs(name, options, context));
    });
}

async function showLogs(name: string, options: LogsOptions, context: CommandContext): Promise<number> {
  const place = await choosePlace(options, context);
  if (place.kind === 'folder') return show(await localSource(name, place, context), options, context);
  return withCluster(place, context, async (connection) => {
    const run = await findRun(connection, name);
    return show(
      { run, name, place: place.name, source: clusterLogs(connection.cluster, run, context.clock) },
      options,
      context,
    );
  });
}

/** The logs of a run, and what is known of it. */
interface Subject {
  readonly name: string;
  readonly place: string;
  readonly source: LogSource;
  readonly run?: TrainingRun;
}

/** Files, without the state, which `ringmaster run` keeps to itself while it trains. */
async function localSource(name: string, place: FolderPlace, { clock }: CommandContext): Promise<Subject> {
  const [namespace, run] = name.includes('/') ? name.split('/', 2) : [place.namespace ?? 'default', name];
  const source = folderLogs(join(place.folder, 'logs', namespace ?? '', run ?? ''), run ?? '', clock);
  return Promise.resolve({ name, place: place.name, source });
}

async function show(subject: Subject, options: LogsOptions, context: CommandContext): Promise<number> {
  const { source } = subject;
  const { follow, tail } = options;
  const reading = { follow, ...(tail === undefined ? {} : { tail }) };
  const print = printer(options, context);
  const present = await source.list();
  const attempt = wantedAttempt(present, subject, options);
  const wants = (log: PodLog) =>
    // The newest attempt and those to come, unless one was asked for.
    follow && options.attempt === undefined && !options.previous
      ? log.attempt >= (attempt ?? 0)
      : log.attempt === attempt;
  if (!follow) {
    if (!present.some(wants)) throw nothingToShow(present, attempt, subject);
    const never = new AbortController().signal;
    const streams = present.filter(wants).map((log) => log.lines(reading, never));
    for await (const line of mergeByTime(streams)) print(line);
    return commandExitCodes.success;
  }
  const ending = new AbortController();
  const interruption = takeInterruptions(context.signals, context.clock, {
    onFirst: () => ending.abort(),
    onSecond: () => undefined,
  });
  try {
    if (!present.some(wants)) context.stderr.write(`${subject.name}: waiting for its pods to start\n`);
    await followLogs(source, wants, reading, print, ending.signal);
  } finally {
    interruption.release();
  }
  const received = interruption.received();
  if (received === undefined) return commandExitCodes.success;
  return received === 'SIGINT' ? commandExitCodes.interrupted : commandExitCodes.terminated;
}

function printer({ rank, output }: LogsOptions, { stdout, environment }: CommandContext) {
  const style = createStyle(wantsColour(stdout.isTTY === true, environment));
  return (line: LogLine) => {
    if (rank !== undefined && line.fields?.rank !== rank) return;
    stdout.write(`${output === 'json' ? formatLogJson(line) : formatLogLine(line, style)}\n`);
  };
}

function wantedAttempt(
  present: readonly PodLog[],
  { run }: Subject,
  { attempt, previous }: LogsOptions,
): number | undefined {
  if (attempt !== undefined) return attempt;
  const known = [...present.map((log) => log.attempt), run?.status?.attempt ?? 0];
  const newest = Math.max(0, ...known);
  // While the pods of an attempt are still being made, the one before is the newest that wrote anything.
  if (!previous) return Math.max(0, ...present.map((log) => log.attempt)) || newest;
  if (newest < 2) throw new CommandError('there is no attempt before the first');
  return newest - 1;
}

function nothingToShow(
  present: readonly PodLog[],
  attempt: number | undefined,
  { run, name, place }: Subject,
): CommandError {
  const options = { exitCode: commandExitCodes.failed };
  const attempts = [...new Set(present.map((log) => log.attempt))].sort((left, right) => left - right);
  if (attempts.length === 0 && (attempt ?? 0) <= 1) {
    const phase = run?.status?.phase;
    return new CommandError(
      `no pod of ${name} in ${place} has written anything yet${phase === undefined ? '' : `; the run is ${phase}`}; \`ringmaster events ${name}\` tells why, --follow waits`,
      options,
    );
  }
  const failure = run?.status?.lastFailure;
  const words = failure?.attempt === attempt && failure !== undefined ? `; ${describeFailure(failure)}` : '';
  return new CommandError(
    `there are no logs of attempt ${attempt ?? 0} of ${name} in ${place}; a cluster keeps those of pods that are still there (attempts here: ${attempts.join(', ') || 'none'})${words}`,
    options,
  );
}

function wholeNumber(flag: string, least: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!Number.isInteger(value) || value < least)
      throw new CommandError(`${flag} must be a whole number from ${least} (found "${text}")`);
    return value;
  };
}
