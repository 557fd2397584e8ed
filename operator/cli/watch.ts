import { Command } from 'commander';
import { CommandError } from './command-error.ts';
import { withConnection } from './connection/connection.ts';
import { choosePlace, withPlaceOptions, type PlaceOptions } from './connection/place.ts';
import type { CommandContext } from './context.ts';
import { findRuns } from './find-runs.ts';
import { watchRuns } from './watch-runs.ts';

/** `ringmaster watch [NAME...]` */
export function watchCommand(context: CommandContext, finish: (exitCode: number) => void): Command {
  return withPlaceOptions(new Command('watch'))
    .description(
      'Shows all runs on a live board, or each change as a line where no terminal is. With names it ends when these are finished; else Ctrl-C ends it. The runs are left alone.',
    )
    .argument('[name...]', 'only the runs of these names, until they are finished or suspended')
    .action(async (names: string[], options: PlaceOptions) => {
      const place = await choosePlace(options, context);
      if (place.kind === 'folder') {
        throw new CommandError(
          `nothing changes the runs of ${place.name} but \`ringmaster run\`, which shows them itself; --context watches a cluster`,
        );
      }
      const chosen =
        names.length === 0
          ? []
          : await withConnection(place, context, (connection) => findRuns(connection, names));
      finish(await watchRuns(chosen, place, context));
    });
}
