import type { Clock } from '../../operator/base/clock.ts';
import { describeError, RingmasterError } from '../../operator/base/errors.ts';
import type { Logger } from '../../operator/base/logging.ts';
import { Fenced } from '../checkpoint/fenced.ts';
import type { RankSnapshot } from '../train/rank-protocol.ts';

/** A snapshot could not be committed, also not on another try. */
export class CheckpointFailed extends RingmasterError {
  constructor(message: string, options?: ErrorOptions) {
    super('CheckpointFailed', message, options);
  }
}

/**
 * Waits between tries to commit; training goes on meanwhile. None is long: what is trained until a store that came back
 * is asked again would be lost with the pod. The storage itself backs off, with jitter, within each try.
 */
const retryDelaysMs = [1000, 2000, 2000, 2000, 2000, 2000, 2000, 2000];

export interface CommitterOptions {
  /**
   * Makes a snapshot a checkpoint, whole or not at all, and frees its folder.
   * An error of reason Fenced is final; any other may pass.
   */
  readonly commit: (snapshot: RankSnapshot) => Promise<void>;
  readonly onFailedTry: (error: unknown) => void;
  readonly clock: Clock;
  readonly log: Logger;
}

/** Commits snapshots in the background, one at a time and in the order in which they come. */
export interface CheckpointCommitter {
  /**
   * Resolves when this snapshot is committed.
   * @throws CheckpointFailed after the last try, and for every snapshot after that one
   */
  commit(snapshot: RankSnapshot): Promise<void>;
  /** Resolves when nothing is under way. Never rejects. */
  idle(): Promise<void>;
}

export function createCheckpointCommitter(options: CommitterOptions): CheckpointCommitter {
  let last: Promise<void> = Promise.resolve();
  return {
    commit(snapshot) {
      last = last.then(() => commitWithRetries(options, snapshot));
      return last;
    },
    idle: () => last.catch(() => undefined),
  };
}

async function commitWithRetries(options: CommitterOptions, snapshot: RankSnapshot): Promise<void> {
  const { clock, log } = options;
  for (let tries = 0; ; tries += 1) {
    try {
      await options.commit(snapshot);
      return;
    } catch (error) {
      if (error instanceof Fenced) throw error;
      options.onFailedTry(error);
      const delayMs = retryDelaysMs[tries];
      if (delayMs === undefined) {
        throw new CheckpointFailed(
          `The checkpoint of step ${snapshot.step} could not be saved in ${tries + 1} tries: ${describeError(error)}`,
          { cause: error },
        );
      }
      log.warn({ err: error, step: snapshot.step, delayMs }, 'a checkpoint could not be saved; trying again');
      await clock.sleep(delayMs);
    }
  }
}
