import { availableParallelism } from 'node:os';
import { join, resolve } from 'node:path';
import { Command, Option } from 'commander';
import type { TrainingRun } from '../../api/v1alpha1/training-run.ts';
import type { TrainingSweep } from '../../api/v1alpha1/training-sweep.ts';
import { logLevels, type LogLevel } from '../../base/logging.ts';
import { CommandError } from '../command-error.ts';
import type { CommandContext } from '../context.ts';
import { commandExitCodes } from '../exit-codes.ts';
import { loadManifests } from '../manifest/load-manifests.ts';
import { formatProblem } from '../manifest/problem.ts';
import { formatOutput, outputOption, type OutputFormat } from '../output.ts';
import { localSweep } from './local-sweep.ts';
import { resolveLocations } from './locations.ts';
import { openLogFile } from './log-file.ts';
import { preflightProblems } from './preflight.ts';
import { shortPath } from './short-path.ts';

const defaultFolder = '.ringmaster';

/** The options of `ringmaster run`, as commander hands them over. */
interface RunOptions {
  readonly dir: string;
  readonly gpus: number;
  readonly replace: boolean;
  readonly output?: OutputFormat;
  readonly quiet: boolean;
  readonly logLevel: LogLevel;
}

/** `ringmaster run FILE...` */
export function runCommand(context: CommandContext, finish: (exitCode: number) => void): Command {
  return new Command('run')
    .description(
      'Trains the runs of the manifests on this machine and shows how they are going. Ctrl-C saves a checkpoint; the same command continues.',
    )
    .argument('<file...>', 'manifests in YAML or JSON; - is standard input')
    .option('--dir <folder>', 'where state, logs and scratch files are kept', defaultFolder)
    .addOption(
      new Option('--gpus <count>', 'ranks that may run at the same time')
        .argParser(parseCount)
        .default(availableParallelism(), 'the number of processors'),
    )
    .option('--replace', 'delete runs of the same name first and start anew; checkpoints stay', false)
    .addOption(outputOption('the final objects as json or yaml on standard output'))
    .option('-q, --quiet', 'show nothing but errors', false)
    .addOption(
      new Option('--log-level <level>', 'how much is written to <dir>/ringmaster.log')
        .choices(logLevels)
        .default('info'),
    )
    .action(async (files: string[], options: RunOptions) => {
      finish(await run(files, options, context));
    });
}

async function run(files: readonly string[], options: RunOptions, context: CommandContext): Promise<number> {
  const work = await prepareWork(files, options, context);
  if (work === undefined) return commandExitCodes.usage;
  const folder = resolve(context.workingFolder, options.dir);
  const log = openLogFile(join(folder, 'ringmaster.log'), options.logLevel);
  const continueCommand = describeCommand(files, options, folder, context.workingFolder);
  const settings = { ...options, folder, context, log, continueCommand };
  // Only here: checking and explaining manifests need not wait for the machinery of training.
  const { trainRuns } = await import('./train-runs.ts');
  const { trainSweep } = await import('./train-sweep.ts');
  const { exitCode, objects } =
    'sweep' in work ? await trainSweep(work.sweep, settings) : await trainRuns(work.runs, settings);
  if (options.output !== undefined) {
    const value = objects.length === 1 ? objects[0] : { apiVersion: 'v1', kind: 'List', items: objects };
    context.stdout.write(formatOutput(value, options.output));
  }
  return exitCode;
}

/** The command that goes on with these runs. */
function describeCommand(
  files: readonly string[],
  { dir }: RunOptions,
  folder: string,
  workingFolder: string,
): string {
  const folderWords = dir === defaultFolder ? [] : ['--dir', shortPath(folder, workingFolder)];
  return ['ringmaster run', ...files, ...folderWords].join(' ');
}

/** Runs, or one sweep. */
type Work = { readonly runs: readonly TrainingRun[] } | { readonly sweep: TrainingSweep };

/** Loads and checks everything that can be checked before anything starts; prints the problems, if any. */
async function prepareWork(
  files: readonly string[],
  { gpus }: RunOptions,
  context: CommandContext,
): Promise<Work | undefined> {
  const { runs, sweeps, problems } = await loadManifests(files, context);
  const lines = [
    ...problems.map(formatProblem),
    ...runs.flatMap(({ run, file, line }) =>
      preflightProblems(run.spec, gpus).map((message) => formatProblem({ file, line, message })),
    ),
    ...sweeps.flatMap(({ sweep, file, line }) =>
      preflightProblems(sweep.spec.runTemplate, gpus).map((message) =>
        formatProblem({ file, line, message: message.replaceAll('spec.', 'spec.runTemplate.') }),
      ),
    ),
    ...(sweeps.length === 0 || sweeps.length + runs.length === 1
      ? []
      : ['a sweep is trained by itself; give one sweep, or runs']),
  ];
  for (const line of lines) context.stderr.write(`${line}\n`);
  if (lines.length > 0) return undefined;
  const [first] = sweeps;
  if (first !== undefined) return { sweep: localSweep(first.sweep, gpus, context.workingFolder) };
  return { runs: runs.map(({ run }) => withoutServerFields(run, context.workingFolder)) };
}

/** What of a manifest is the user's to say; an object copied from a cluster carries more. */
function withoutServerFields(run: TrainingRun, workingFolder: string): TrainingRun {
  const { name, namespace, labels, annotations } = run.metadata;
  return {
    apiVersion: run.apiVersion,
    kind: run.kind,
    metadata: {
      name,
      ...(namespace === undefined ? {} : { namespace }),
      ...(labels === undefined ? {} : { labels }),
      ...(annotations === undefined ? {} : { annotations }),
    },
    spec: resolveLocations(run.spec, workingFolder),
  };
}

function parseCount(text: string): number {
  const count = Number(text);
  if (!Number.isInteger(count) || count < 1 || count > 1024) {
    throw new CommandError(`--gpus must be a whole number from 1 to 1024 (found "${text}")`);
  }
  return count;
}
