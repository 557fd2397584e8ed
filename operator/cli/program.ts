import { Command, CommanderError } from 'commander';
import { describeError, RingmasterError } from '../base/errors.ts';
import { CommandError } from './command-error.ts';
import type { CommandContext } from './context.ts';
import { commandExitCodes } from './exit-codes.ts';
import { readVersion } from './version.ts';

/**
 * Makes the commands of a program; `finish` is told the exit code.
 * @param wanted name of the one that has to be there in full; all have to when absent
 */
export type MakeCommands = (
  context: CommandContext,
  finish: (exitCode: number) => void,
  wanted?: string,
) => Promise<Command[]>;

/**
 * Runs one command line and resolves to its exit code.
 * @param words the arguments after the program's name
 */
export async function runProgram(
  words: readonly string[],
  context: CommandContext,
  makeCommands: MakeCommands,
): Promise<number> {
  let exitCode: number = commandExitCodes.success;
  const finish = (code: number) => {
    exitCode = code;
  };
  const program = await openProgram(context, finish, makeCommands, words);
  try {
    await program.parseAsync([...words], { from: 'user' });
    return exitCode;
  } catch (error) {
    return explainFailure(error, context);
  }
}

/**
 * The command line with all its commands.
 * @param words what was typed: the command in it alone is there in full; all are when absent
 */
export async function openProgram(
  context: CommandContext,
  finish: (exitCode: number) => void,
  makeCommands: MakeCommands,
  words?: readonly string[],
): Promise<Command> {
  const wanted = words === undefined ? undefined : wantedCommand(words);
  const program = new Command('ringmaster')
    .description('Trains image classifiers from TrainingRun manifests, here or on a cluster.')
    .version(readVersion(context.programFolder));
  for (const command of await makeCommands(context, finish, wanted)) program.addCommand(command);
  for (const command of withSubcommands(program)) {
    command
      .exitOverride()
      .configureOutput({
        writeOut: (text) => context.stdout.write(text),
        writeErr: (text) => context.stderr.write(text),
      })
      .showHelpAfterError('(--help shows what there is)');
  }
  return program;
}

/** Typed by shells that complete a command line, whose words follow. */
export const completeWord = '__complete';

/** The first word that is no option, or the one after `help`; nothing is typed by an empty name. */
function wantedCommand(words: readonly string[]): string {
  const [first, second] = words.filter((word) => !word.startsWith('-'));
  return (first === 'help' || first === completeWord ? second : first) ?? '';
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
