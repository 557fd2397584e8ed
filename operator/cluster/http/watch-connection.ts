import { childController } from '../../base/abort.ts';
import type { Clock } from '../../base/clock.ts';
import { ApiRefusal } from './api-refusal.ts';
import { toApiStatus } from './api-status.ts';
import { withIdleLimit } from './idle-limit.ts';
import { jsonLines } from './json-lines.ts';
import { toWatchLine, type WatchLine } from './wire.ts';

/** Opens a watch: the answer's bytes. */
export type OpenWatch = (
  query: Readonly<Record<string, string>>,
  signal: AbortSignal,
) => Promise<AsyncIterable<Buffer>>;

/** Servers send a bookmark about once a minute, and miss one at times. */
const idleAfterBookmarkMs = 150_000;
const idleMarginMs = 30_000;

/**
 * One watch connection, from its request to the server's end of it.
 * @param timeoutSeconds after which the server is asked to end it
 * @throws ClusterError when the server refuses, breaks off or reports an error in the stream
 */
export async function* watchConnection(
  open: OpenWatch,
  query: Readonly<Record<string, string>>,
  timeoutSeconds: number,
  clock: Clock,
  signal: AbortSignal,
): AsyncGenerator<Exclude<WatchLine, { type: 'ERROR' }>, void, undefined> {
  const connection = childController(signal);
  let idleMs = timeoutSeconds * 1000 + idleMarginMs;
  try {
    const bytes = await open(
      { watch: 'true', allowWatchBookmarks: 'true', timeoutSeconds: String(timeoutSeconds), ...query },
      connection.signal,
    );
    for await (const value of jsonLines(withIdleLimit(bytes, () => idleMs, clock))) {
      const line = toWatchLine(value);
      if (line.type === 'ERROR') throw new ApiRefusal(toApiStatus(0, line.object));
      if (line.type === 'BOOKMARK') idleMs = idleAfterBookmarkMs;
      yield line;
    }
  } finally {
    connection.abort();
  }
}
