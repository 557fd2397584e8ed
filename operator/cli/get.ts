import { Command } from 'commander';
import { withConnection } from './connection/connection.ts';
import { choosePlace, withPlaceOptions, type Place, type PlaceOptions } from './connection/place.ts';
import type { CommandContext } from './context.ts';
import { drawRunTable } from './display/run-table.ts';
import { commandExitCodes } from './exit-codes.ts';
import { findRuns } from './find-runs.ts';
import { asList, asObject, formatOutput, tableOption, type TableFormat } from './output.ts';

interface GetOptions extends PlaceOptions {
  readonly output?: TableFormat;
}

/** `ringmaster get [NAME...]` */
export function getCommand(context: CommandContext, finish: (exitCode: number) => void): Command {
  return withPlaceOptions(new Command('get'))
    .description(
      'Shows the runs of a cluster, or of this machine while no other command works with them, and how they are.',
    )
    .argument('[name...]', 'only the runs of these names')
    .addOption(tableOption('wide for more columns; json or yaml for the objects'))
    .action(async (names: string[], options: GetOptions) => {
      const place = await choosePlace(options, context);
      await withConnection(place, context, async (connection) => {
        const runs = await findRuns(connection, names);
        const { output } = options;
        if (output === 'json' || output === 'yaml') {
          context.stdout.write(formatOutput(names.length === 0 ? asList(runs) : asObject(runs), output));
        } else if (runs.length === 0) {
          context.stderr.write(`${describeAbsence(place)}\n`);
        } else {
          const table = drawRunTable(runs, { wide: output === 'wide', nowMs: context.clock.now() });
          context.stdout.write(`${table.join('\n')}\n`);
        }
      });
      finish(commandExitCodes.success);
    });
}

/** What to say where there are no runs yet: where that is, and how to get one. */
export function describeAbsence({ kind, name, namespace }: Place): string {
  if (kind === 'folder') return `no runs in ${name}; \`ringmaster run FILE\` trains one`;
  const elsewhere = namespace === undefined ? '' : ', -A shows those of all namespaces';
  return `no runs in ${name}; \`ringmaster submit FILE\` starts one${elsewhere}`;
}
