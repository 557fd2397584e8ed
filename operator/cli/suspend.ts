import { Command } from 'commander';
import { withPlaceOptions } from './connection/place.ts';
import type { CommandContext } from './context.ts';
import { outputOption } from './output.ts';
import { setSuspended, type SuspendOptions } from './set-suspended.ts';

/** `ringmaster suspend [KIND] NAME...` */
export function suspendCommand(context: CommandContext, finish: (exitCode: number) => void): Command {
  return withPlaceOptions(new Command('suspend'))
    .description(
      "Saves a checkpoint of each run, or of all trials of each sweep, ends the pods and lets it wait until it is resumed. The deadline's clock stands still meanwhile.",
    )
    .argument('<name...>', 'names of runs, or the word sweeps and names of sweeps')
    .option('--wait', 'wait until their pods are gone', false)
    .addOption(outputOption('the objects as json or yaml'))
    .action(async (names: string[], options: SuspendOptions) => {
      finish(await setSuspended(names, true, options, context));
    });
}
