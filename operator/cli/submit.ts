import { Command } from 'commander';
import type { TrainingRun } from '../api/v1alpha1/training-run.ts';
import type { TrainingSweep } from '../api/v1alpha1/training-sweep.ts';
import { CommandError } from './command-error.ts';
import { withConnection } from './connection/connection.ts';
import { chooseCluster, withClusterOptions, type PlaceOptions } from './connection/place.ts';
import type { CommandContext } from './context.ts';
import { nameOf } from './display/run-block.ts';
import { commandExitCodes } from './exit-codes.ts';
import { loadManifests } from './manifest/load-manifests.ts';
import { formatProblem } from './manifest/problem.ts';
import { asObject, formatOutput, outputOption, type OutputFormat } from './output.ts';
import { keyOf, removeRun, submitRun, type SubmittedRun } from './run/submission.ts';
import { submitSweep, type SubmittedSweep } from './sweep/submit-sweep.ts';
import { watchSweeps } from './sweep/watch-sweeps.ts';
import { watchRuns } from './watch-runs.ts';

interface SubmitOptions extends Omit<PlaceOptions, 'dir' | 'allNamespaces'> {
  readonly replace: boolean;
  readonly watch: boolean;
  readonly output?: OutputFormat;
}

/** `ringmaster submit FILE...` */
export function submitCommand(context: CommandContext, finish: (exitCode: number) => void): Command {
  return withClusterOptions(new Command('submit'))
    .description(
      'Checks the manifests as `validate` does and hands their runs and sweeps over to a cluster, where the operator trains them. A run that is there with the same spec is left as it is; a suspended one goes on. A sweep that is there is extended by what may change.',
    )
    .argument('<file...>', 'manifests in YAML or JSON; - is standard input')
    .option('--replace', 'delete what has the same name first and start anew; checkpoints stay', false)
    .option('-w, --watch', 'show how they are going until all are finished', false)
    .addOption(outputOption('the objects as json or yaml on standard output'))
    .action(async (files: string[], options: SubmitOptions) => {
      finish(await submit(files, options, context));
    });
}

async function submit(
  files: readonly string[],
  options: SubmitOptions,
  context: CommandContext,
): Promise<number> {
  const place = await chooseCluster(options, context);
  const loaded = await loadManifests(files, context, {
    byDefault: place.defaultNamespace,
    ...(options.namespace === undefined ? {} : { only: options.namespace }),
  });
  const { runs, sweeps, problems } = loaded;
  if (problems.length > 0) {
    for (const problem of problems) context.stderr.write(`${formatProblem(problem)}\n`);
    return commandExitCodes.usage;
  }
  if (options.watch && runs.length > 0 && sweeps.length > 0)
    throw new CommandError('--watch shows either runs or sweeps; submit them one after the other');
  const tell = (line: string) => {
    if (options.output === undefined) context.stdout.write(`${line}\n`);
  };
  const submitted = await withConnection(place, context, async ({ cluster }) => {
    const done: { runs: TrainingRun[]; sweeps: TrainingSweep[] } = { runs: [], sweeps: [] };
    for (const { run } of runs) {
      if (options.replace) await removeRun(cluster, keyOf(run));
      const result = await submitRun(cluster, run);
      done.runs.push(result.run);
      tell(describe(result));
    }
    for (const { sweep } of sweeps) {
      const result = await submitSweep(cluster, sweep, options);
      done.sweeps.push(result.sweep);
      tell(describeSweep(result));
    }
    return done;
  });
  const objects = [...submitted.runs, ...submitted.sweeps];
  if (options.output !== undefined) context.stdout.write(formatOutput(asObject(objects), options.output));
  if (!options.watch) return commandExitCodes.success;
  return submitted.runs.length > 0
    ? watchRuns(submitted.runs, place, context)
    : watchSweeps(submitted.sweeps, place, context);
}

function describeSweep({ sweep, kind }: SubmittedSweep): string {
  switch (kind) {
    case 'create':
      return `${nameOf(sweep)}: submitted`;
    case 'continue':
      return `${nameOf(sweep)}: is there already, unchanged`;
    case 'change':
      return `${nameOf(sweep)}: is there already, and goes on as it is now asked for`;
  }
}

function describe({ run, kind }: SubmittedRun): string {
  switch (kind) {
    case 'create':
      return `${nameOf(run)}: submitted`;
    case 'continue':
      return `${nameOf(run)}: is there already, unchanged`;
    case 'resume':
      return `${nameOf(run)}: was suspended and goes on`;
    case 'finished':
      return `${nameOf(run)}: has ${run.status?.phase?.toLowerCase() ?? 'finished'} already; pass --replace to train it anew`;
  }
}
