import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { Command } from 'commander';
import type { TrainingRun } from '../api/v1alpha1/training-run.ts';
import { fromTimestamp } from '../base/clock.ts';
import { formatDurationMs } from '../base/durations.ts';
import { resourceTypes } from '../cluster/cluster.ts';
import { CommandError } from './command-error.ts';
import type { CommandContext } from './context.ts';
import { formatCount, formatEpoch, formatPercent, formatSeconds } from './display/figures.ts';
import { drawTable } from './display/table.ts';
import { commandExitCodes } from './exit-codes.ts';
import { formatOutput, parseOutputFormat, type OutputFormat } from './output.ts';

interface GetOptions {
  readonly dir: string;
  readonly namespace?: string;
  readonly output?: OutputFormat;
}

/** `ringmaster get [NAME]` */
export function getCommand(context: CommandContext, finish: (exitCode: number) => void): Command {
  return new Command('get')
    .summary('show the runs of this machine')
    .description('Shows the runs that were trained on this machine, while no other command works with them.')
    .argument('[name]', 'only the run of this name')
    .option('--dir <folder>', 'where state is kept', '.ringmaster')
    .option('-n, --namespace <name>', 'only runs of this namespace (default: all)')
    .option('-o, --output <format>', 'the objects as json or yaml', parseOutputFormat)
    .action(async (name: string | undefined, options: GetOptions) => {
      const runs = await readRuns(name, options, context);
      context.stdout.write(
        options.output === undefined
          ? `${describeRuns(runs, context.clock.now()).join('\n')}\n`
          : formatOutput(asObject(runs, name), options.output),
      );
      finish(commandExitCodes.success);
    });
}

async function readRuns(
  name: string | undefined,
  { dir, namespace }: GetOptions,
  { workingFolder, clock }: CommandContext,
): Promise<TrainingRun[]> {
  const folder = join(resolve(workingFolder, dir), 'state');
  if (!existsSync(folder))
    throw new CommandError(`nothing was trained in ${dir} yet; --dir names another folder`);
  const { withStateFolder } = await import('./run/state-folder.ts');
  const runs = await withStateFolder({ folder, clock }, (cluster) =>
    cluster.list<TrainingRun>(resourceTypes.trainingRuns, namespace === undefined ? {} : { namespace }),
  );
  const wanted = runs.filter(({ metadata }) => name === undefined || metadata.name === name);
  if (name !== undefined && wanted.length === 0) {
    const known = runs.map(({ metadata }) => metadata.name).join(', ');
    throw new CommandError(`there is no run "${name}" in ${dir}; known: ${known === '' ? 'none' : known}`);
  }
  return wanted;
}

/** The columns of `kubectl get trainingruns`. */
function describeRuns(runs: readonly TrainingRun[], nowMs: number): string[] {
  const heading = ['NAMESPACE', 'NAME', 'PHASE', 'EPOCH', 'TOP1', 'IMG/S', 'ETA', 'RESTARTS', 'AGE'];
  const rows = runs.map(({ metadata, status = {} }) => {
    const { progress, restarts, result } = status;
    const top1 = result?.top1 ?? progress?.validation?.top1;
    const createdMs = fromTimestamp(metadata.creationTimestamp);
    const isGoing = status.phase === 'Running';
    return [
      metadata.namespace ?? 'default',
      metadata.name,
      status.phase ?? 'Pending',
      progress === undefined ? '' : `${formatEpoch(progress.epoch)}/${progress.epochs}`,
      top1 === undefined ? '' : formatPercent(top1),
      progress?.imagesPerSecond === undefined ? '' : formatCount(progress.imagesPerSecond),
      !isGoing || progress?.etaSeconds === undefined ? '' : formatSeconds(progress.etaSeconds),
      String(restarts?.total ?? 0),
      createdMs === undefined ? '' : formatDurationMs(nowMs - createdMs),
    ];
  });
  return rows.length === 0 ? ['no runs'] : drawTable([heading, ...rows]);
}

function asObject(runs: readonly TrainingRun[], name: string | undefined): unknown {
  return name !== undefined && runs.length === 1 ? runs[0] : { apiVersion: 'v1', kind: 'List', items: runs };
}
