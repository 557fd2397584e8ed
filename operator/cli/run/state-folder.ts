import type { Clock } from '../../base/clock.ts';
import { describeError } from '../../base/errors.ts';
import { createLogger, type Logger } from '../../base/logging.ts';
import { openEmbeddedCluster, type EmbeddedCluster } from '../../cluster/embedded/embedded-cluster.ts';
import { StateLockedError } from '../../cluster/embedded/state-lock.ts';
import { CommandError } from '../command-error.ts';
import { commandExitCodes } from '../exit-codes.ts';

/** Where the state is, and what comes with it. */
export interface StateFolder {
  readonly folder: string;
  readonly clock: Clock;
  readonly log?: Logger;
}

/** @throws CommandError with exit code 69 when another process works in the folder or it cannot be opened */
export async function openStateFolder({ folder, clock, log }: StateFolder): Promise<EmbeddedCluster> {
  try {
    return await openEmbeddedCluster({ folder, clock, log: log ?? createLogger('silent') });
  } catch (error) {
    const message =
      error instanceof StateLockedError
        ? error.message
        : `the state folder ${folder} cannot be opened: ${describeError(error)}`;
    throw new CommandError(message, { exitCode: commandExitCodes.unavailable, cause: error });
  }
}

/** Opens the state for one piece of work and gives it back. */
export async function withStateFolder<R>(
  place: StateFolder,
  work: (cluster: EmbeddedCluster) => Promise<R>,
): Promise<R> {
  const cluster = await openStateFolder(place);
  try {
    return await work(cluster);
  } finally {
    cluster.close();
  }
}
