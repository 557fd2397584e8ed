import { join } from 'node:path';
import { Command } from 'commander';
import type { EpochSummary } from '../api/trainer/progress.ts';
import type { TrainingRun } from '../api/v1alpha1/training-run.ts';
import type { StoreOptions } from './checkpoints/checkpoints-program.ts';
import { CommandError } from './command-error.ts';
import { withConnection } from './connection/connection.ts';
import { choosePlace, withPlaceOptions, type FolderPlace, type PlaceOptions } from './connection/place.ts';
import type { CommandContext } from './context.ts';
import { curvesOfLogs } from './curves/curves-of-logs.ts';
import { readCurves } from './curves/run-curves.ts';
import { drawCurves } from './display/curves.ts';
import { formatEpoch, formatPercent } from './display/figures.ts';
import { colourPhase, nameOf } from './display/run-block.ts';
import { createStyle, wantsColour, type Style } from './display/style.ts';
import { columnsOf } from './display/terminal-size.ts';
import { commandExitCodes } from './exit-codes.ts';
import { findRun } from './find-runs.ts';
import { folderLogs } from './logs/folder-logs.ts';
import { formatOutput, outputOption, type OutputFormat } from './output.ts';

interface PlotOptions extends PlaceOptions, StoreOptions {
  readonly output?: OutputFormat;
}

/** `ringmaster plot NAME` */
export function plotCommand(context: CommandContext, finish: (exitCode: number) => void): Command {
  return withPlaceOptions(new Command('plot'))
    .description(
      'Draws loss and accuracy of a run over its epochs, also while it trains. The curves come from its logs and, where these are not all there, from its newest checkpoint.',
    )
    .argument('<name>', 'name of a run')
    .option('--endpoint <url>', 'endpoint of an S3-compatible store (default: AWS)')
    .option('--credentials <folder>', 'folder with the files AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY')
    .addOption(outputOption('the points of the curves as json or yaml'))
    .action(async (name: string, options: PlotOptions) => {
      finish(await plot(name, options, context));
    });
}

/** A run, where it can be asked for, and its curves. */
interface Subject {
  readonly name: string;
  readonly run?: TrainingRun;
  readonly history: readonly EpochSummary[];
}

async function plot(name: string, options: PlotOptions, context: CommandContext): Promise<number> {
  const { name: fullName, run, history } = await readSubject(name, options, context);
  const { stdout, environment } = context;
  if (options.output !== undefined) {
    stdout.write(formatOutput(history, options.output));
    return commandExitCodes.success;
  }
  const last = history.at(-1);
  if (last === undefined) {
    throw new CommandError(whyNothing(fullName, run), { exitCode: commandExitCodes.failed });
  }
  const style = createStyle(wantsColour(stdout.isTTY === true, environment));
  const curves = drawCurves(history, columnsOf(stdout), style, { apart: !style.enabled });
  const lines = [describe(fullName, run, last, style), '', ...curves];
  if (history.length === 1) lines.push('a curve takes two epochs');
  stdout.write(`${lines.join('\n').trimEnd()}\n`);
  return commandExitCodes.success;
}

async function readSubject(name: string, options: PlotOptions, context: CommandContext): Promise<Subject> {
  const place = await choosePlace(options, context);
  try {
    return await withConnection(place, context, async (connection) => {
      const run = await findRun(connection, name);
      return { name: nameOf(run), run, history: await readCurves(run, connection, options, context) };
    });
  } catch (error) {
    const isInUse = error instanceof CommandError && error.exitCode === commandExitCodes.unavailable;
    if (place.kind === 'cluster' || !isInUse) throw error;
    return readUnseen(name, place, context);
  }
}

/** A run of a folder whose state another command has: `ringmaster run` trains it, and its logs can be read. */
async function readUnseen(name: string, place: FolderPlace, { clock }: CommandContext): Promise<Subject> {
  const [namespace = '', run = ''] = name.includes('/')
    ? name.split('/', 2)
    : [place.namespace ?? 'default', name];
  const logs = folderLogs(join(place.folder, 'logs', namespace, run), run, clock);
  return { name: `${namespace}/${run}`, history: await curvesOfLogs(logs) };
}

function whyNothing(name: string, run: TrainingRun | undefined): string {
  const { phase, progress } = run?.status ?? {};
  const evaluated = progress?.validation?.epoch ?? 0;
  if (evaluated > 0) return `none of the ${formatEpoch(evaluated)} epochs of ${name} can be read from here`;
  return `no epoch of ${name} is finished yet${phase === undefined ? '' : `; it is ${phase}`}`;
}

function describe(name: string, run: TrainingRun | undefined, last: EpochSummary, style: Style): string {
  const epochs = run?.status?.progress?.epochs ?? run?.spec.recipe.epochs;
  return [
    style.bold(name),
    ...(run === undefined ? [] : [colourPhase(run.status?.phase ?? 'Pending', style)]),
    `epoch ${formatEpoch(last.epoch)}${epochs === undefined ? '' : `/${epochs}`}`,
    `loss ${last.trainLoss.toFixed(4)}`,
    ...(last.top1 === undefined ? [] : [`top-1 ${formatPercent(last.top1)}`]),
  ].join('  ');
}
