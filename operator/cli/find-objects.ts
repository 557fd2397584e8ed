import { nearMiss } from '../api/v1alpha1/near-miss.ts';
import type { KubernetesObject } from '../api/wire.ts';
import type { ResourceType } from '../cluster/cluster.ts';
import { CommandError } from './command-error.ts';
import type { Connection } from './connection/connection.ts';
import { nameOf } from './display/run-block.ts';
import type { Kind } from './kinds.ts';

/**
 * The objects of a kind in a place, by namespace and name.
 * @param names only these, in the order asked for; all when empty. `namespace/name` picks one where a name is taken twice
 * @throws CommandError naming what there is when a name is not there
 */
export async function findObjects<T extends KubernetesObject>(
  { cluster, scope, place }: Connection,
  type: ResourceType<T>,
  kind: Kind,
  names: readonly string[],
): Promise<T[]> {
  const all = (await cluster.list(type, scope)).sort((left, right) =>
    nameOf(left).localeCompare(nameOf(right), 'en'),
  );
  if (names.length === 0) return all;
  return names.flatMap((name) => {
    const found = all.filter((object) => object.metadata.name === name || nameOf(object) === name);
    if (found.length === 0) throw unknownName(kind, name, all, place.name);
    return found;
  });
}

/**
 * The one object of this kind and name.
 * @throws CommandError when there is none, or one in several namespaces
 */
export async function findObject<T extends KubernetesObject>(
  connection: Connection,
  type: ResourceType<T>,
  kind: Kind,
  name: string,
): Promise<T> {
  const [object, other] = await findObjects(connection, type, kind, [name]);
  if (object === undefined) throw unknownName(kind, name, [], connection.place.name);
  if (other !== undefined) {
    throw new CommandError(
      `there are several ${kind}s "${name}": ${nameOf(object)} and ${nameOf(other)}; pass --namespace`,
    );
  }
  return object;
}

const longestList = 10;

function unknownName(
  kind: Kind,
  name: string,
  all: readonly KubernetesObject[],
  place: string,
): CommandError {
  const known = all.map(({ metadata }) => metadata.name);
  const near = nearMiss(name, known);
  const list =
    known.length > longestList
      ? `${known.slice(0, longestList).join(', ')} and ${known.length - longestList} more`
      : known.join(', ');
  const advice = near === undefined ? `; known: ${list === '' ? 'none' : list}` : `; did you mean ${near}?`;
  return new CommandError(`there is no ${kind} "${name}" in ${place}${advice}`);
}
