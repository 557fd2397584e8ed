import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { Command } from 'commander';
import { resolveSpec, type ResolvedSpec } from '../api/v1alpha1/resolved-spec.ts';
import { CommandError } from './command-error.ts';
import type { CommandContext } from './context.ts';
import { commandExitCodes } from './exit-codes.ts';
import { loadManifests, runsOnly } from './manifest/load-manifests.ts';
import { formatProblem } from './manifest/problem.ts';
import { passOn } from './pass-on.ts';

interface ProfileOptions {
  readonly graph?: true;
}

/** `ringmaster profile FILE [--graph]` */
export function profileCommand(context: CommandContext, finish: (exitCode: number) => void): Command {
  return new Command('profile')
    .description(
      'Records the training step of each run of a manifest, in the precision of its recipe, and counts its operations by type, casts included. Trains nothing.',
    )
    .argument('<file>', 'manifest in YAML or JSON; - is standard input')
    .option('--graph', 'show every node with its inputs, types and shapes too')
    .action(async (file: string, options: ProfileOptions) => {
      finish(await profile(file, options, context));
    });
}

async function profile(file: string, options: ProfileOptions, context: CommandContext): Promise<number> {
  const { runs, problems } = runsOnly(await loadManifests([file], context));
  for (const problem of problems) context.stderr.write(`${formatProblem(problem)}\n`);
  if (problems.length > 0) return commandExitCodes.usage;
  for (const { run } of runs) {
    const { name } = run.metadata;
    if (runs.length > 1) context.stdout.write(`${name}\n`);
    context.stdout.write(await describeStep(name, resolveSpec(run.spec), options, context));
  }
  return commandExitCodes.success;
}

/** @throws CommandError with the exit code of the trainer's program, which has said why on standard error */
async function describeStep(
  name: string,
  spec: ResolvedSpec,
  { graph }: ProfileOptions,
  { programFolder, workingFolder, environment, stderr }: CommandContext,
): Promise<string> {
  const words = [join(programFolder, 'trainer-image', 'profile.ts'), ...(graph === true ? ['--graph'] : [])];
  const child = spawn(process.execPath, words, {
    cwd: workingFolder,
    env: { ...environment },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  // A program that ends before it has read everything says itself why.
  child.stdin.on('error', () => undefined);
  child.stdin.end(JSON.stringify(spec));
  const [output] = await Promise.all([
    text(child.stdout),
    passOn(child.stderr, stderr),
    once(child, 'close'),
  ]);
  const { exitCode: code, signalCode } = child;
  if (code === 0) return output;
  const end = code === null ? `was ended by ${signalCode ?? 'a signal'}` : `ended with exit code ${code}`;
  const exitCode = code ?? commandExitCodes.failed;
  throw new CommandError(`the profile of ${name} ${end}`, { exitCode });
}
