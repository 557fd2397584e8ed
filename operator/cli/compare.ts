import { Command } from 'commander';
import { CommandError } from './command-error.ts';
import { withConnection } from './connection/connection.ts';
import { choosePlace, withPlaceOptions, type PlaceOptions } from './connection/place.ts';
import type { CommandContext } from './context.ts';
import { compareRuns, drawComparison } from './display/comparison.ts';
import { createStyle, wantsColour } from './display/style.ts';
import { columnsOf } from './display/terminal-size.ts';
import { commandExitCodes } from './exit-codes.ts';
import { findRuns } from './find-runs.ts';
import { formatOutput, tableOption, type TableFormat } from './output.ts';

interface CompareOptions extends PlaceOptions {
  readonly output?: TableFormat;
}

/** `ringmaster compare NAME NAME...` */
export function compareCommand(context: CommandContext, finish: (exitCode: number) => void): Command {
  return withPlaceOptions(new Command('compare'))
    .description(
      'Shows what runs achieved side by side, and every field in which their specs differ, presets resolved.',
    )
    .argument('<name...>', 'names of two runs or more; namespace/name where a name is taken twice')
    .addOption(tableOption('wide for values in full; json or yaml for the comparison'))
    .action(async (names: string[], options: CompareOptions) => {
      const place = await choosePlace(options, context);
      const runs = await withConnection(place, context, (connection) => findRuns(connection, names));
      if (runs.length < 2) throw new CommandError('compare takes the names of two runs or more');
      const comparison = compareRuns(runs);
      const { stdout, environment } = context;
      const style = createStyle(wantsColour(stdout.isTTY === true, environment));
      const { output } = options;
      const width = output === 'wide' ? Number.POSITIVE_INFINITY : columnsOf(stdout);
      stdout.write(
        output === 'json' || output === 'yaml'
          ? formatOutput(comparison, output)
          : `${drawComparison(comparison, width, style).join('\n')}\n`,
      );
      finish(commandExitCodes.success);
    });
}
