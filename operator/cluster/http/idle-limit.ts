import type { Clock } from '../../base/clock.ts';
import { ClusterError } from '../cluster-error.ts';

/**
 * Passes chunks on and fails when none comes for too long: a connection whose other end vanished without a word would
 * otherwise look like a quiet one for ever. Only waiting counts, not the time that the consumer takes.
 * @param limitMs asked anew for every chunk
 */
export async function* withIdleLimit<T>(
  chunks: AsyncIterable<T>,
  limitMs: () => number,
  clock: Clock,
): AsyncGenerator<T, void, undefined> {
  const iterator = chunks[Symbol.asyncIterator]();
  for (;;) {
    const arrived = new AbortController();
    const waitMs = limitMs();
    const next = iterator.next();
    // A reason of ours: without one each chunk would cost a DOMException with its stack.
    const result = await Promise.race([next, clock.sleep(waitMs, arrived.signal)]).finally(() =>
      arrived.abort('a chunk arrived'),
    );
    if (result === undefined) {
      // Whoever ends the connection makes this one fail; the failure is already reported here.
      next.catch(() => undefined);
      throw new ClusterError('Unavailable', `a watch was silent for ${Math.round(waitMs / 1000)} s`);
    }
    if (result.done === true) return;
    yield result.value;
  }
}
