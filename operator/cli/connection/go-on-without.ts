import { describeError } from '../../base/errors.ts';
import { ClusterError, type ClusterErrorReason } from '../../cluster/cluster-error.ts';
import type { CommandContext } from '../context.ts';
import type { Connection } from './connection.ts';
import { explainRefusal } from './explain-refusal.ts';

/** A right that is missing, something that is gone, a node or server that is away. */
const reasonsToGoOn: ReadonlySet<ClusterErrorReason> = new Set(['Forbidden', 'NotFound', 'Unavailable']);

/**
 * Reads what a command can do without. Where the cluster does not give it, why is said on standard error, with the verb
 * that is missing, and `instead` is returned.
 * @param what is to be read, as the beginning of a sentence: `the events`
 * @throws whatever else `read` throws
 */
export async function goOnWithout<T>(
  what: string,
  instead: T,
  connection: Connection,
  { stderr }: Pick<CommandContext, 'stderr'>,
  read: () => Promise<T>,
): Promise<T> {
  try {
    return await read();
  } catch (error) {
    if (!(error instanceof ClusterError) || !reasonsToGoOn.has(error.reason)) throw error;
    const isRefusal = error.reason === 'Forbidden' && connection.kind === 'cluster';
    const said = isRefusal ? explainRefusal(error, connection.place) : error;
    stderr.write(`${what} cannot be read: ${describeError(said)}\n`);
    return instead;
  }
}
