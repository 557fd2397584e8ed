import { Argument, Command } from 'commander';
import type { CommandContext } from '../context.ts';
import { commandExitCodes } from '../exit-codes.ts';
import { shells, shellScripts, type Shell } from './shell-scripts.ts';

/** `ringmaster completion bash|zsh|fish` */
export function completionCommand(context: CommandContext, finish: (exitCode: number) => void): Command {
  return new Command('completion')
    .description(
      'Prints a script by which a shell completes commands, options, fields and the names of runs. To use it in this shell: source <(ringmaster completion bash), the same with zsh, or ringmaster completion fish | source.',
    )
    .addArgument(new Argument('<shell>', 'the shell').choices(shells))
    .action((shell: Shell) => {
      context.stdout.write(shellScripts[shell]);
      finish(commandExitCodes.success);
    });
}
