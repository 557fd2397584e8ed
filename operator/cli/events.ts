import { Command } from 'commander';
import { trainingRunKind } from '../api/v1alpha1/group.ts';
import type { TrainingRun } from '../api/v1alpha1/training-run.ts';
import { resourceTypes } from '../cluster/cluster.ts';
import { withConnection } from './connection/connection.ts';
import { choosePlace, withPlaceOptions, type PlaceOptions } from './connection/place.ts';
import type { CommandContext } from './context.ts';
import { drawEventTable, lastSeenMs, type ReadEvent } from './display/event-table.ts';
import { createStyle, wantsColour } from './display/style.ts';
import { commandExitCodes } from './exit-codes.ts';
import { findRuns } from './find-runs.ts';
import { asList, formatOutput, tableOption, type TableFormat } from './output.ts';

interface EventsOptions extends PlaceOptions {
  readonly warnings: boolean;
  readonly output?: TableFormat;
}

/** `ringmaster events [NAME...]` */
export function eventsCommand(context: CommandContext, finish: (exitCode: number) => void): Command {
  return withPlaceOptions(new Command('events'))
    .description(
      'Shows the events of runs and of their pods, oldest first. A cluster forgets events after an hour.',
    )
    .argument('[name...]', 'only of the runs of these names')
    .option('--warnings', 'only what went wrong', false)
    .addOption(tableOption('wide for more columns; json or yaml for the events'))
    .action(async (names: string[], options: EventsOptions) => {
      const place = await choosePlace(options, context);
      const events = await withConnection(place, context, async (connection) => {
        const runs = await findRuns(connection, names);
        const all: ReadEvent[] = await connection.cluster.list(resourceTypes.events, connection.scope);
        return all.filter((event) => runs.some((run) => isAbout(event, run)));
      });
      const shown = events
        .filter(({ type }) => !options.warnings || type === 'Warning')
        .sort((left, right) => lastSeenMs(left) - lastSeenMs(right));
      const { stdout, stderr, clock, environment } = context;
      const { output } = options;
      if (output === 'json' || output === 'yaml') stdout.write(formatOutput(asList(shown), output));
      else if (shown.length === 0)
        stderr.write(`no events in ${place.name}; a cluster forgets them after an hour\n`);
      else {
        const style = createStyle(wantsColour(stdout.isTTY === true, environment));
        stdout.write(`${drawEventTable(shown, clock.now(), style, output === 'wide').join('\n')}\n`);
      }
      finish(commandExitCodes.success);
    });
}

/** Whether an event is about the run itself or one of its pods, whose names are `<run>-<attempt>-<index>`. */
function isAbout({ regarding, metadata }: ReadEvent, run: TrainingRun): boolean {
  const { name, namespace = 'default', uid } = run.metadata;
  if ((regarding.namespace ?? metadata.namespace) !== namespace) return false;
  if (regarding.kind === trainingRunKind) return regarding.uid === uid;
  return regarding.kind === 'Pod' && isPodOf(regarding.name, name);
}

function isPodOf(pod: string, run: string): boolean {
  return pod.startsWith(`${run}-`) && /^\d+-\d+$/.test(pod.slice(run.length + 1));
}
