import { nearMiss } from '../api/v1alpha1/near-miss.ts';
import type { TrainingRun } from '../api/v1alpha1/training-run.ts';
import { resourceTypes } from '../cluster/cluster.ts';
import { CommandError } from './command-error.ts';
import type { Connection } from './connection/connection.ts';
import { nameOf } from './display/run-block.ts';

/**
 * The runs of a place, by namespace and name.
 * @param names only these, in the order asked for; all when empty. `namespace/name` picks one where a name is taken twice
 * @throws CommandError naming what there is when a name is not there
 */
export async function findRuns(
  { cluster, scope, place }: Connection,
  names: readonly string[],
): Promise<TrainingRun[]> {
  const all = (await cluster.list(resourceTypes.trainingRuns, scope)).sort((left, right) =>
    nameOf(left).localeCompare(nameOf(right), 'en'),
  );
  if (names.length === 0) return all;
  return names.flatMap((name) => {
    const found = all.filter((run) => run.metadata.name === name || nameOf(run) === name);
    if (found.length === 0) throw unknownRun(name, all, place.name);
    return found;
  });
}

/**
 * The one run of this name.
 * @throws CommandError when there is none, or one in several namespaces
 */
export async function findRun(connection: Connection, name: string): Promise<TrainingRun> {
  const [run, other] = await findRuns(connection, [name]);
  if (run === undefined) throw unknownRun(name, [], connection.place.name);
  if (other !== undefined) {
    throw new CommandError(
      `there are several runs "${name}": ${nameOf(run)} and ${nameOf(other)}; pass --namespace`,
    );
  }
  return run;
}

const longestList = 10;

function unknownRun(name: string, all: readonly TrainingRun[], place: string): CommandError {
  const known = all.map(({ metadata }) => metadata.name);
  const near = nearMiss(name, known);
  const list =
    known.length > longestList
      ? `${known.slice(0, longestList).join(', ')} and ${known.length - longestList} more`
      : known.join(', ');
  const advice = near === undefined ? `; known: ${list === '' ? 'none' : list}` : `; did you mean ${near}?`;
  return new CommandError(`there is no run "${name}" in ${place}${advice}`);
}
