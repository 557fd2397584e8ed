import type { TrainingRun } from '../api/v1alpha1/training-run.ts';
import { operatorName } from '../api/v1alpha1/group.ts';
import { resourceTypes } from '../cluster/cluster.ts';
import { CommandError } from './command-error.ts';
import { withCluster, type ClusterConnection } from './connection/connection.ts';
import { choosePlace, type PlaceOptions } from './connection/place.ts';
import type { CommandContext } from './context.ts';
import { nameOf } from './display/run-block.ts';
import { commandExitCodes } from './exit-codes.ts';
import { findRuns } from './find-runs.ts';
import { followRuns } from './run/follow-runs.ts';
import { isFinished, keyOf } from './run/submission.ts';

export interface SuspendOptions extends PlaceOptions {
  readonly wait: boolean;
}

/**
 * Suspends or resumes runs of a cluster and says what became of each.
 * @returns the exit code: 1 when one of them has finished, so that nothing can be done about it
 */
export async function setSuspended(
  names: readonly string[],
  suspend: boolean,
  options: SuspendOptions,
  context: CommandContext,
): Promise<number> {
  const place = await choosePlace(options, context);
  if (place.kind === 'folder') throw noController(suspend, place.name);
  return withCluster(place, context, async (connection) => {
    // All names are looked up before anything is changed.
    const runs = await findRuns(connection, names);
    const changed: TrainingRun[] = [];
    for (const run of runs.filter((each) => !isFinished(each))) {
      changed.push(await change(run, suspend, connection, context));
    }
    const finished = runs.filter(isFinished);
    for (const run of finished)
      context.stderr.write(`${nameOf(run)}: has ${run.status?.phase?.toLowerCase() ?? 'finished'} already\n`);
    if (options.wait && suspend) await waitForRest(changed, connection, context);
    return finished.length === 0 ? commandExitCodes.success : commandExitCodes.failed;
  });
}

async function change(
  run: TrainingRun,
  suspend: boolean,
  { cluster }: ClusterConnection,
  { stdout, stderr }: CommandContext,
): Promise<TrainingRun> {
  const name = nameOf(run);
  if (run.spec.managedBy !== operatorName)
    stderr.write(`${name}: is managed by ${run.spec.managedBy}, which may or may not act on this\n`);
  if (run.spec.suspend === suspend) {
    stdout.write(`${name}: ${suspend ? 'is suspended already' : 'is not suspended'}\n`);
    return run;
  }
  const patched = await cluster.patch(resourceTypes.trainingRuns, keyOf(run), { spec: { suspend } });
  stdout.write(
    `${name}: ${suspend ? 'saves a checkpoint and is suspended' : 'resumes'}${describeFrom(run)}\n`,
  );
  return patched;
}

function describeFrom({ status }: TrainingRun): string {
  const step = status?.checkpoint?.step;
  if (step === undefined) return '';
  return status?.phase === 'Suspended'
    ? ` from the checkpoint of step ${step}`
    : ` (last saved: step ${step})`;
}

/** Waits until no pod of the runs is left, or they have finished meanwhile. */
async function waitForRest(
  runs: readonly TrainingRun[],
  { cluster }: ClusterConnection,
  { stdout }: CommandContext,
): Promise<void> {
  if (runs.length === 0) return;
  const atRest = await followRuns(cluster, runs, () => undefined, new AbortController().signal);
  for (const run of atRest) stdout.write(`${nameOf(run)}: ${run.status?.phase ?? 'Pending'}\n`);
}

function noController(suspend: boolean, place: string): CommandError {
  const cure = suspend
    ? 'Ctrl-C in the `ringmaster run` that trains it saves a checkpoint and suspends it'
    : '`ringmaster run FILE` with the same manifest goes on from its checkpoint';
  return new CommandError(`nothing acts on the runs of ${place} now: ${cure}`);
}
