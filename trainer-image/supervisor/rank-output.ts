import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import type { Logger } from '../../operator/base/logging.ts';

/** Lines kept to explain a rank that ended without a word. */
const keptLines = 20;

/** What a rank wrote last, oldest line first. */
export type LastWords = () => string;

/**
 * Passes on what a rank writes, line by line. Its own log lines are JSON objects with a level and go out as they are;
 * anything else is TensorFlow's or Node's and becomes a debug line.
 */
export function followOutput(
  streams: readonly Readable[],
  log: Logger,
  write: (line: string) => void,
): LastWords {
  const last: string[] = [];
  for (const stream of streams) {
    createInterface({ input: stream, crlfDelay: Infinity }).on('line', (line) => {
      if (isLogLine(line)) {
        write(`${line}\n`);
      } else if (line.trim() !== '') {
        log.debug(line);
        last.push(line);
        if (last.length > keptLines) last.shift();
      }
    });
  }
  return () => last.join(' | ').slice(-1000);
}

/** Whether a line is one that {@link createLogger} wrote. */
export function isLogLine(line: string): boolean {
  return line.startsWith('{"level":"') && line.endsWith('}');
}
