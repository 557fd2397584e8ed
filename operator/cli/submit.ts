import { Command } from 'commander';
import { withConnection } from './connection/connection.ts';
import { chooseCluster, withClusterOptions, type PlaceOptions } from './connection/place.ts';
import type { CommandContext } from './context.ts';
import { nameOf } from './display/run-block.ts';
import { commandExitCodes } from './exit-codes.ts';
import { loadManifests, runsOnly } from './manifest/load-manifests.ts';
import { formatProblem } from './manifest/problem.ts';
import { asObject, formatOutput, outputOption, type OutputFormat } from './output.ts';
import { keyOf, removeRun, submitRun, type SubmittedRun } from './run/submission.ts';
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
      'Checks the manifests as `validate` does and hands their runs over to a cluster, where the operator trains them. A run that is there with the same spec is left as it is; a suspended one goes on.',
    )
    .argument('<file...>', 'manifests in YAML or JSON; - is standard input')
    .option('--replace', 'delete runs of the same name first and start anew; checkpoints stay', false)
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
  const { runs, problems } = runsOnly(loaded);
  if (problems.length > 0) {
    for (const problem of problems) context.stderr.write(`${formatProblem(problem)}\n`);
    return commandExitCodes.usage;
  }
  const wanted = runs.map(({ run }) => run);
  const submitted = await withConnection(place, context, async ({ cluster }) => {
    const done: SubmittedRun[] = [];
    for (const run of wanted) {
      if (options.replace) await removeRun(cluster, keyOf(run));
      const result = await submitRun(cluster, run);
      done.push(result);
      if (options.output === undefined) context.stdout.write(`${describe(result)}\n`);
    }
    return done;
  });
  const objects = submitted.map(({ run }) => run);
  if (options.output !== undefined) context.stdout.write(formatOutput(asObject(objects), options.output));
  if (options.watch) return watchRuns(objects, place, context);
  return commandExitCodes.success;
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
