import { Command, Option } from 'commander';
import type { TrainingSweep } from '../../api/v1alpha1/training-sweep.ts';
import { resourceTypes } from '../../cluster/cluster.ts';
import { withConnection } from '../connection/connection.ts';
import { choosePlace, withPlaceOptions, type PlaceOptions } from '../connection/place.ts';
import type { CommandContext } from '../context.ts';
import { commandExitCodes } from '../exit-codes.ts';
import { findObject } from '../find-objects.ts';
import { formatOutput, outputOption, type OutputFormat } from '../output.ts';
import { drawAnswers, drawTrials, sweepCsv, sweepJson } from '../sweep-table.ts';
import { isAtRest } from './follow-sweep.ts';
import { watchSweeps } from './watch-sweeps.ts';

interface SweepOptions extends PlaceOptions {
  readonly output?: OutputFormat;
  readonly table?: keyof typeof tables;
}

/** The table of a sweep for programs. */
const tables = { csv: sweepCsv, json: sweepJson } as const;

/** `ringmaster sweep NAME` */
export function sweepCommand(context: CommandContext, finish: (exitCode: number) => void): Command {
  return withPlaceOptions(new Command('sweep'))
    .description(
      'Shows the trials of a sweep and what they answer. On a terminal the table of a sweep that goes on is live, until it is finished or suspended or Ctrl-C ends it; elsewhere it is shown once. The sweep is left alone.',
    )
    .argument('<name>', 'name of the sweep')
    .addOption(outputOption('the object as json or yaml'))
    .addOption(
      new Option(
        '--table <format>',
        'the table as `run` writes it: csv, a line for each trial, or json, the answer and all trials',
      )
        .choices(Object.keys(tables))
        .conflicts('output'),
    )
    .action(async (name: string, options: SweepOptions) => {
      finish(await showSweep(name, options, context));
    });
}

async function showSweep(name: string, options: SweepOptions, context: CommandContext): Promise<number> {
  const { stdout } = context;
  const place = await choosePlace(options, context);
  const look = (wanted: string) =>
    withConnection(place, context, (connection) =>
      findObject<TrainingSweep>(connection, resourceTypes.trainingSweeps, 'sweep', wanted),
    );
  const sweep = await look(name);
  if (options.output !== undefined) {
    stdout.write(formatOutput(sweep, options.output));
    return commandExitCodes.success;
  }
  if (options.table !== undefined) {
    stdout.write(tables[options.table](sweep));
    return commandExitCodes.success;
  }
  const isLive = stdout.isTTY === true && place.kind === 'cluster' && !isAtRest(sweep);
  if (!isLive) {
    stdout.write(textOf([...drawTrials(sweep, Infinity), ...answerOf(sweep)]));
    return commandExitCodes.success;
  }
  const exitCode = await watchSweeps([sweep], place, context);
  stdout.write(
    textOf(answerOf(await look(`${sweep.metadata.namespace ?? 'default'}/${sweep.metadata.name}`))),
  );
  return exitCode;
}

/** The table of an ablation below that of its trials. */
function answerOf(sweep: TrainingSweep): string[] {
  const answers = drawAnswers(sweep);
  return answers.length === 0 ? [] : ['', ...answers];
}

function textOf(lines: readonly string[]): string {
  return lines.map((line) => `${line}\n`).join('');
}
