import { operatorName } from '../api/v1alpha1/group.ts';
import type { TrainingRun } from '../api/v1alpha1/training-run.ts';
import type { TrainingSweep } from '../api/v1alpha1/training-sweep.ts';
import { resourceTypes, type Cluster, type ResourceType } from '../cluster/cluster.ts';
import { CommandError } from './command-error.ts';
import { withCluster, type ClusterConnection } from './connection/connection.ts';
import { choosePlace, type PlaceOptions } from './connection/place.ts';
import type { CommandContext } from './context.ts';
import { nameOf } from './display/run-block.ts';
import { commandExitCodes } from './exit-codes.ts';
import { findObjects } from './find-objects.ts';
import { takeKind, type Kind } from './kinds.ts';
import { asObject, formatOutput, type OutputFormat } from './output.ts';
import { followRuns } from './run/follow-runs.ts';
import { keyOf } from './run/submission.ts';
import { followSweep } from './sweep/follow-sweep.ts';

export interface SuspendOptions extends PlaceOptions {
  readonly wait: boolean;
  readonly output?: OutputFormat;
}

type Suspendable = TrainingRun | TrainingSweep;

/** What differs between runs and sweeps. */
interface Manner<T extends Suspendable> {
  readonly kind: Kind;
  readonly type: ResourceType<T>;
  /** What it does when it is suspended. */
  readonly suspends: string;
  /** Where it goes on from, or what would be lost. */
  readonly describeFrom: (object: T) => string;
  /** Resolves to the objects once no pod of theirs is left, or they have finished meanwhile. */
  readonly rest: (cluster: Cluster, objects: readonly T[]) => Promise<readonly T[]>;
}

const ofRuns: Manner<TrainingRun> = {
  kind: 'run',
  type: resourceTypes.trainingRuns,
  suspends: 'saves a checkpoint and is suspended',
  describeFrom: ({ status }) => {
    const step = status?.checkpoint?.step;
    if (step === undefined) return '';
    return status?.phase === 'Suspended'
      ? ` from the checkpoint of step ${step}`
      : ` (last saved: step ${step})`;
  },
  rest: (cluster, runs) => followRuns(cluster, runs, () => undefined, new AbortController().signal),
};

const ofSweeps: Manner<TrainingSweep> = {
  kind: 'sweep',
  type: resourceTypes.trainingSweeps,
  suspends: 'has its trials save their checkpoints and is suspended',
  describeFrom: () => '',
  rest: (cluster, sweeps) =>
    Promise.all(
      sweeps.map((sweep) => followSweep(cluster, sweep, () => undefined, new AbortController().signal)),
    ),
};

/**
 * Suspends or resumes runs or sweeps of a cluster and says what became of each.
 * @param args names, after the kind if it is not runs
 * @returns the exit code: 1 when one of them has finished, so that nothing can be done about it
 */
export async function setSuspended(
  args: readonly string[],
  suspend: boolean,
  options: SuspendOptions,
  context: CommandContext,
): Promise<number> {
  const { kind, names } = takeKind(args);
  if (names.length === 0) throw new CommandError(`which ${kind}? Give the names after "${args.join(' ')}"`);
  const place = await choosePlace(options, context);
  if (place.kind === 'folder') throw noController(kind, suspend, place.name);
  return withCluster(place, context, (connection) =>
    kind === 'run'
      ? setAll(ofRuns, names, suspend, options, connection, context)
      : setAll(ofSweeps, names, suspend, options, connection, context),
  );
}

async function setAll<T extends Suspendable>(
  manner: Manner<T>,
  names: readonly string[],
  suspend: boolean,
  { wait, output }: SuspendOptions,
  connection: ClusterConnection,
  context: CommandContext,
): Promise<number> {
  // With --output, standard output has the objects and nothing else.
  const stdout = output === undefined ? context.stdout : context.stderr;
  // All names are looked up before anything is changed.
  const objects = await findObjects(connection, manner.type, manner.kind, names);
  const changed: T[] = [];
  for (const object of objects.filter((each) => !isFinished(each))) {
    changed.push(await change(manner, object, suspend, connection, { ...context, stdout }));
  }
  const finished = objects.filter(isFinished);
  for (const object of finished)
    context.stderr.write(
      `${nameOf(object)}: has ${object.status?.phase?.toLowerCase() ?? 'finished'} already\n`,
    );
  const waits = wait && suspend && changed.length > 0;
  const atRest = waits ? await manner.rest(connection.cluster, changed) : changed;
  for (const object of waits ? atRest : [])
    stdout.write(`${nameOf(object)}: ${object.status?.phase ?? 'Pending'}\n`);
  if (output !== undefined) context.stdout.write(formatOutput(asObject([...atRest, ...finished]), output));
  return finished.length === 0 ? commandExitCodes.success : commandExitCodes.failed;
}

async function change<T extends Suspendable>(
  { type, suspends, describeFrom }: Manner<T>,
  object: T,
  suspend: boolean,
  { cluster }: ClusterConnection,
  { stdout, stderr }: CommandContext,
): Promise<T> {
  const name = nameOf(object);
  const { managedBy } = object.spec;
  if (managedBy !== operatorName)
    stderr.write(`${name}: is managed by ${managedBy}, which may or may not act on this\n`);
  if (object.spec.suspend === suspend) {
    stdout.write(`${name}: ${suspend ? 'is suspended already' : 'is not suspended'}\n`);
    return object;
  }
  const patched = await cluster.patch(type, keyOf(object), { spec: { suspend } });
  stdout.write(`${name}: ${suspend ? suspends : 'resumes'}${describeFrom(object)}\n`);
  return patched;
}

function isFinished({ status }: Suspendable): boolean {
  return status?.phase === 'Succeeded' || status?.phase === 'Failed';
}

function noController(kind: Kind, suspend: boolean, place: string): CommandError {
  const cure = suspend
    ? 'Ctrl-C in the `ringmaster run` that trains it saves a checkpoint and suspends it'
    : '`ringmaster run FILE` with the same manifest goes on from its checkpoint';
  return new CommandError(`nothing acts on the ${kind}s of ${place} now: ${cure}`);
}
