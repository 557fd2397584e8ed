import { Command } from 'commander';
import type { CommandContext } from './context.ts';
import { commandExitCodes } from './exit-codes.ts';
import { loadManifests, type LoadedManifests } from './manifest/load-manifests.ts';
import { formatProblem } from './manifest/problem.ts';
import { formatOutput, outputOption, type OutputFormat } from './output.ts';

interface ValidateOptions {
  readonly output?: OutputFormat;
}

/** `ringmaster validate FILE...` */
export function validateCommand(context: CommandContext, finish: (exitCode: number) => void): Command {
  return new Command('validate')
    .description(
      'Checks every document of the files as the API server would, and shows all problems at once. Starts nothing.',
    )
    .argument('<file...>', 'manifests in YAML or JSON; - is standard input')
    .addOption(outputOption('the verdict as json or yaml on standard output'))
    .action(async (files: string[], options: ValidateOptions) => {
      finish(await validate(files, options, context));
    });
}

async function validate(
  files: readonly string[],
  options: ValidateOptions,
  context: CommandContext,
): Promise<number> {
  const loaded = await loadManifests(files, context);
  if (options.output === undefined) printVerdict(loaded, context);
  else context.stdout.write(formatOutput(describeVerdict(loaded), options.output));
  return loaded.problems.length === 0 ? commandExitCodes.success : commandExitCodes.usage;
}

function printVerdict(loaded: LoadedManifests, context: CommandContext): void {
  const { problems } = loaded;
  for (const { object, file } of objectsOf(loaded)) {
    const { namespace, name } = object.metadata;
    context.stdout.write(`${file}: ${object.kind} ${namespace ?? 'default'}/${name} is valid\n`);
  }
  for (const problem of problems) context.stderr.write(`${formatProblem(problem)}\n`);
}

function describeVerdict(loaded: LoadedManifests): unknown {
  const { problems } = loaded;
  return {
    valid: problems.length === 0,
    objects: objectsOf(loaded).map(({ object, file, line }) => ({
      file,
      line,
      kind: object.kind,
      namespace: object.metadata.namespace,
      name: object.metadata.name,
    })),
    problems,
  };
}

function objectsOf({ runs, sweeps }: LoadedManifests) {
  return [
    ...runs.map(({ run: object, ...place }) => ({ object, ...place })),
    ...sweeps.map(({ sweep: object, ...place }) => ({ object, ...place })),
  ];
}
