import { Command } from 'commander';
import { withPlaceOptions } from './connection/place.ts';
import type { CommandContext } from './context.ts';
import { outputOption } from './output.ts';
import { setSuspended, type SuspendOptions } from './set-suspended.ts';

/** `ringmaster resume [KIND] NAME...` */
export function resumeCommand(context: CommandContext, finish: (exitCode: number) => void): Command {
  return withPlaceOptions(new Command('resume'))
    .description('Lets suspended runs, or the trials of suspended sweeps, go on from their last checkpoint.')
    .argument('<name...>', 'names of runs, or the word sweeps and names of sweeps')
    .addOption(outputOption('the objects as json or yaml'))
    .action(async (names: string[], options: Omit<SuspendOptions, 'wait'>) => {
      finish(await setSuspended(names, false, { ...options, wait: false }, context));
    });
}
