import { Command, CommanderError } from 'commander';
import { describeError, RingmasterError } from '../base/errors.ts';
import { readVersion } from './build-info.ts';
import { checkpointsCommand } from './checkpoints/checkpoints-command.ts';
import { CommandError } from './command-error.ts';
import { compareCommand } from './compare.ts';
import type { CommandContext } from './context.ts';
import { evaluateCommand } from './evaluate.ts';
import { commandExitCodes } from './exit-codes.ts';
import { eventsCommand } from './events.ts';
import { explainCommand } from './explain.ts';
import { getCommand } from './get.ts';
import { logsCommand } from './logs/logs-command.ts';
import { managerCommand } from './manager.ts';
import { profileCommand } from './profile.ts';
import { reportCommand } from './report/report-command.ts';
import { resumeCommand } from './resume.ts';
import { runCommand } from './run/run-command.ts';
import { submitCommand } from './submit.ts';
import { suspendCommand } from './suspend.ts';
import { validateCommand } from './validate.ts';
import { watchCommand } from './watch.ts';

/**
 * Runs one command line and resolves to its exit code.
 * @param words the arguments after the program's name
 */
export async function runProgram(words: readonly string[], context: CommandContext): Promise<number> {
  let exitCode: number = commandExitCodes.success;
  const finish = (code: number) => {
    exitCode = code;
  };
  const program = new Command('ringmaster')
    .description('Trains image classifiers from TrainingRun manifests, here or on a cluster.')
    .version(readVersion(context.programFolder))
    .addCommand(runCommand(context, finish))
    .addCommand(validateCommand(context, finish))
    .addCommand(evaluateCommand(context, finish))
    .addCommand(submitCommand(context, finish))
    .addCommand(getCommand(context, finish))
    .addCommand(watchCommand(context, finish))
    .addCommand(logsCommand(context, finish))
    .addCommand(eventsCommand(context, finish))
    .addCommand(suspendCommand(context, finish))
    .addCommand(resumeCommand(context, finish))
    .addCommand(compareCommand(context, finish))
    .addCommand(reportCommand(context, finish))
    .addCommand(profileCommand(context, finish))
    .addCommand(checkpointsCommand(context, finish))
    .addCommand(explainCommand(context))
    .addCommand(managerCommand(context, finish));
  for (const command of withSubcommands(program)) {
    command
      .exitOverride()
      .configureOutput({
        writeOut: (text) => context.stdout.write(text),
        writeErr: (text) => context.stderr.write(text),
      })
      .showHelpAfterError('(--help shows what there is)');
  }
  try {
    await program.parseAsync([...words], { from: 'user' });
    return exitCode;
  } catch (error) {
    return explainFailure(error, context);
  }
}

function withSubcommands(command: Command): Command[] {
  return [command, ...command.commands.flatMap(withSubcommands)];
}

function explainFailure(error: unknown, context: CommandContext): number {
  if (error instanceof CommanderError) {
    // It has printed its message, or the help that was asked for.
    return error.exitCode === 0 ? commandExitCodes.success : commandExitCodes.usage;
  }
  context.stderr.write(`ringmaster: ${describeError(error)}\n`);
  if (error instanceof CommandError) return error.exitCode;
  if (!(error instanceof RingmasterError) && error instanceof Error && error.stack !== undefined) {
    context.stderr.write(`${error.stack}\n`);
  }
  return commandExitCodes.internal;
}
