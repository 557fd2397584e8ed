import type { Clock } from '../base/clock.ts';
import { isClusterError } from '../cluster/cluster-error.ts';

/** How long a node waits for its API. */
export interface Patience {
  readonly clock: Clock;
  /** Aborted: the node is on its way out and gives up after a few seconds. */
  readonly signal: AbortSignal;
}

/** Waits between tries, in milliseconds: 6 seconds in all. While the API cannot be reached the last is repeated. */
const retryDelaysMs = [50, 100, 200, 400, 800, 1600, 3200] as const;
const lastDelayMs = 3200;
/** A cluster that could not be reached for so long has given up this node and its pods. */
const patienceMs = 10 * 60_000;

/**
 * Makes a call that should outlive a restart of the API server: what became of a pod is known here alone. An object
 * that is gone is no error.
 * @throws ClusterError of the last try
 */
export async function callPatiently({ clock, signal }: Patience, call: () => Promise<void>): Promise<void> {
  const deadlineMs = clock.now() + patienceMs;
  for (let tries = 0; ; tries += 1) {
    try {
      await call();
      return;
    } catch (error) {
      if (isClusterError(error, 'NotFound')) return;
      const isAway = isClusterError(error, 'Unavailable') || isClusterError(error, 'TooManyRequests');
      if (!isAway && !isClusterError(error, 'Conflict')) throw error;
      const mayGoOn = isAway && !signal.aborted && clock.now() < deadlineMs;
      const delayMs = retryDelaysMs[tries] ?? (mayGoOn ? lastDelayMs : undefined);
      if (delayMs === undefined) throw error;
      await clock.sleep(delayMs, signal.aborted ? undefined : signal);
    }
  }
}
