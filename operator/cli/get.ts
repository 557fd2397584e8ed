import { Command } from 'commander';
import type { KubernetesObject } from '../api/wire.ts';
import { withConnection, type Connection } from './connection/connection.ts';
import { choosePlace, withPlaceOptions, type Place, type PlaceOptions } from './connection/place.ts';
import type { CommandContext } from './context.ts';
import { drawRunTable } from './display/run-table.ts';
import { commandExitCodes } from './exit-codes.ts';
import { findRuns, findSweeps } from './find-runs.ts';
import { takeKind, type Kind } from './kinds.ts';
import { drawSweepList } from './sweep/sweep-list.ts';
import { asList, asObject, formatOutput, tableOption, type TableFormat } from './output.ts';

interface GetOptions extends PlaceOptions {
  readonly output?: TableFormat;
}

/** `ringmaster get [KIND] [NAME...]` */
export function getCommand(context: CommandContext, finish: (exitCode: number) => void): Command {
  return withPlaceOptions(new Command('get'))
    .description(
      'Shows the runs or sweeps of a cluster, or of this machine while no other command works with them, and how they are.',
    )
    .argument('[name...]', 'runs (default) or sweeps, then the names of those to show; all without')
    .addOption(tableOption('wide for more columns; json or yaml for the objects'))
    .action(async (args: string[], options: GetOptions) => {
      const { kind, names } = takeKind(args);
      const place = await choosePlace(options, context);
      await withConnection(place, context, async (connection) => {
        const { output } = options;
        const { objects, table } = await look(connection, kind, names, {
          wide: output === 'wide',
          nowMs: context.clock.now(),
        });
        if (output === 'json' || output === 'yaml') {
          context.stdout.write(
            formatOutput(names.length === 0 ? asList(objects) : asObject(objects), output),
          );
        } else if (objects.length === 0) {
          context.stderr.write(`${describeAbsence(place, kind)}\n`);
        } else {
          context.stdout.write(`${table.join('\n')}\n`);
        }
      });
      finish(commandExitCodes.success);
    });
}

/** The objects that are asked for, and their table. */
async function look(
  connection: Connection,
  kind: Kind,
  names: readonly string[],
  settings: { readonly wide: boolean; readonly nowMs: number },
): Promise<{ objects: readonly KubernetesObject[]; table: readonly string[] }> {
  if (kind === 'run') {
    const runs = await findRuns(connection, names);
    const withNamespace = connection.place.namespace === undefined;
    return { objects: runs, table: drawRunTable(runs, { ...settings, withNamespace }) };
  }
  const sweeps = await findSweeps(connection, names);
  return { objects: sweeps, table: drawSweepList(sweeps, settings) };
}

/** What to say where there are no runs or sweeps yet: where that is, and how to get one. */
export function describeAbsence({ kind: placeKind, name, namespace }: Place, kind: Kind): string {
  if (placeKind === 'folder') return `no ${kind}s in ${name}; \`ringmaster run FILE\` trains one`;
  const elsewhere = namespace === undefined ? '' : ', -A shows those of all namespaces';
  return `no ${kind}s in ${name}; \`ringmaster submit FILE\` starts one${elsewhere}`;
}
