import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join, resolve } from 'node:path';
import { text } from 'node:stream/consumers';
import { Command } from 'commander';
import * as z from 'zod';
import type { CommandContext } from './context.ts';
import { absoluteLocation, type StoreOptions } from './checkpoints/checkpoints-program.ts';
import { CommandError } from './command-error.ts';
import { formatCount, formatPercent } from './display/figures.ts';
import { commandExitCodes } from './exit-codes.ts';
import { passOn } from './pass-on.ts';
import { formatOutput, outputOption, type OutputFormat } from './output.ts';

/** What the trainer's evaluation program prints. */
const Evaluation = z.object({
  top1: z.number(),
  top5: z.number(),
  loss: z.number(),
  /** Images evaluated: the whole validation set. */
  count: z.int().min(1),
  step: z.int().min(0),
});
type Evaluation = z.output<typeof Evaluation>;

interface EvaluateOptions extends StoreOptions {
  readonly data?: string;
  readonly output?: OutputFormat;
}

/** `ringmaster evaluate CHECKPOINT` */
export function evaluateCommand(context: CommandContext, finish: (exitCode: number) => void): Command {
  return new Command('evaluate')
    .description(
      'Loads a checkpoint in a process of its own and evaluates it over the whole validation set, exactly as training does.',
    )
    .argument('<checkpoint>', 'step folder of a checkpoint, such as .../step-00002808')
    .option('--data <uri>', 'validation images (default: those that the run was validated on)')
    .option('--endpoint <url>', 'endpoint of an S3-compatible store (default: AWS)')
    .option('--credentials <folder>', 'folder with the files AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY')
    .addOption(outputOption('the figures as json or yaml on standard output'))
    .action(async (checkpoint: string, options: EvaluateOptions) => {
      const evaluation = await evaluateCheckpoint(checkpoint, options, context);
      context.stdout.write(
        options.output === undefined
          ? describeEvaluation(evaluation)
          : formatOutput(evaluation, options.output),
      );
      finish(commandExitCodes.success);
    });
}

/** @throws CommandError with the exit code of the evaluation program, which has said why on standard error */
async function evaluateCheckpoint(
  checkpoint: string,
  { data, endpoint, credentials }: EvaluateOptions,
  { programFolder, workingFolder, environment, stderr }: CommandContext,
): Promise<Evaluation> {
  const program = join(programFolder, 'trainer-image', 'evaluate.ts');
  const absolute = (uri: string) => absoluteLocation(uri, workingFolder);
  const words = [
    program,
    absolute(checkpoint),
    ...(data === undefined ? [] : ['--data', absolute(data)]),
    ...(endpoint === undefined ? [] : ['--endpoint', endpoint]),
    ...(credentials === undefined ? [] : ['--credentials', resolve(workingFolder, credentials)]),
  ];
  const child = spawn(process.execPath, words, {
    cwd: workingFolder,
    env: { ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const [output] = await Promise.all([
    text(child.stdout),
    passOn(child.stderr, stderr),
    once(child, 'close'),
  ]);
  const { exitCode, signalCode } = child;
  if (exitCode !== 0) {
    const end =
      signalCode === null ? `ended with exit code ${exitCode ?? 'unknown'}` : `was ended by ${signalCode}`;
    throw new CommandError(`the evaluation of ${checkpoint} ${end}`, {
      exitCode: exitCode ?? commandExitCodes.failed,
    });
  }
  return parseEvaluation(output);
}

function parseEvaluation(output: string): Evaluation {
  const lastLine = output.trim().split('\n').at(-1) ?? '';
  try {
    return Evaluation.parse(JSON.parse(lastLine));
  } catch (error) {
    throw new CommandError(`the evaluation printed no figures but "${lastLine.slice(0, 200)}"`, {
      exitCode: commandExitCodes.internal,
      cause: error,
    });
  }
}

/** The figures for people; accuracies are exact counts of images, so they are shown as such too. */
function describeEvaluation({ top1, top5, loss, count, step }: Evaluation): string {
  const share = (ratio: number) =>
    `${formatPercent(ratio, 4)}  (${formatCount(ratio * count)} of ${formatCount(count)} images)`;
  return [
    `step   ${step}`,
    `top-1  ${share(top1)}`,
    `top-5  ${share(top5)}`,
    `loss   ${loss.toFixed(6)}`,
    '',
  ].join('\n');
}
