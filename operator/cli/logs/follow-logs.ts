import { childController } from '../../base/abort.ts';
import type { LogLine } from './log-line.ts';
import type { LogReading, LogSource, PodLog } from './log-source.ts';

/**
 * Passes lines on as they come, from every pod that is wanted, also of attempts that begin meanwhile. Ends when the run
 * has ended and all is read, or when `signal` is aborted.
 */
export async function followLogs(
  source: LogSource,
  wants: (log: PodLog) => boolean,
  reading: LogReading,
  onLine: (line: LogLine) => void,
  signal: AbortSignal,
): Promise<void> {
  const failing = childController(signal);
  const readers: Promise<void>[] = [];
  const read = async (log: PodLog) => {
    try {
      for await (const line of log.lines(reading, failing.signal)) onLine(line);
    } catch (error) {
      failing.abort(error);
      throw error;
    }
  };
  for await (const log of source.follow(failing.signal)) {
    if (wants(log)) readers.push(read(log));
  }
  await Promise.all(readers);
}
