import { Command } from 'commander';
import { CommandError } from './command-error.ts';
import { withConnection, type Connection } from './connection/connection.ts';
import { choosePlace, withPlaceOptions, type PlaceOptions } from './connection/place.ts';
import type { CommandContext } from './context.ts';
import { findRuns, findSweeps } from './find-runs.ts';
import { takeKind } from './kinds.ts';
import { outputOption, type OutputFormat } from './output.ts';
import { watchSweeps } from './sweep/watch-sweeps.ts';
import { watchRuns } from './watch-runs.ts';

interface WatchOptions extends PlaceOptions {
  readonly output?: OutputFormat;
}

/** `ringmaster watch [KIND] [NAME...]` */
export function watchCommand(context: CommandContext, finish: (exitCode: number) => void): Command {
  return withPlaceOptions(new Command('watch'))
    .description(
      'Shows all runs, or sweeps, on a live board, or each change as a line where no terminal is. With names it ends when these are finished; else Ctrl-C ends it. What it shows is left alone.',
    )
    .argument(
      '[name...]',
      'runs (default) or sweeps, then the names of those to show until they are finished or suspended',
    )
    .addOption(outputOption('each change as a json object on a line, or as a yaml document'))
    .action(async (args: string[], options: WatchOptions) => {
      const { kind, names } = takeKind(args);
      const place = await choosePlace(options, context);
      if (place.kind === 'folder') {
        throw new CommandError(
          `nothing changes the ${kind}s of ${place.name} but \`ringmaster run\`, which shows them itself; --context watches a cluster`,
        );
      }
      if (kind === 'sweep' && options.output !== undefined)
        throw new CommandError('watch gives runs as objects, not sweeps; `get sweeps --output` does');
      const find = async <T>(look: (connection: Connection, names: readonly string[]) => Promise<T[]>) =>
        names.length === 0 ? [] : withConnection(place, context, (connection) => look(connection, names));
      finish(
        kind === 'run'
          ? await watchRuns(await find(findRuns), place, context, options.output)
          : await watchSweeps(await find(findSweeps), place, context),
      );
    });
}
