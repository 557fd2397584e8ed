import { open, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../../base/clock.ts';
import { systemErrorCode } from '../../base/errors.ts';
import { parseLogLine, type LogLine, type LogOrigin } from './log-line.ts';
import type { LogReading, LogSource, PodLog } from './log-source.ts';
import { podOrigin } from './pod-origin.ts';
import { textLines } from './text-lines.ts';

/** Time between two looks for more, in milliseconds: a person is reading. */
const lookAgainMs = 200;

/** The logs that `ringmaster run` keeps of a run, also while it is going. They outlive their pods. */
export function folderLogs(folder: string, run: string, clock: Clock): LogSource {
  const list = async () => (await podNames(folder, run)).map((origin) => podLog(folder, origin, clock));
  return {
    list,
    async *follow(signal) {
      const seen = new Set<string>();
      while (!signal.aborted) {
        for (const log of await list()) {
          if (!seen.has(log.pod)) yield log;
          seen.add(log.pod);
        }
        await clock.sleep(lookAgainMs, signal);
      }
    },
  };
}

async function podNames(folder: string, run: string): Promise<LogOrigin[]> {
  try {
    return (await readdir(folder))
      .filter((file) => file.endsWith('.log'))
      .map((file) => podOrigin(run, file.slice(0, -'.log'.length)))
      .filter((origin) => origin !== undefined);
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return [];
    throw error;
  }
}

function podLog(folder: string, origin: LogOrigin, clock: Clock): PodLog {
  const path = join(folder, `${origin.pod}.log`);
  return {
    ...origin,
    async *lines({ follow, tail }: LogReading, signal) {
      const skipped = tail === undefined ? 0 : Math.max(0, (await countLines(path)) - tail);
      let index = 0;
      let timeMs = 0;
      for await (const text of textLines(bytesOf(path, follow, clock, signal))) {
        index += 1;
        if (index <= skipped) continue;
        const line: LogLine = parseLogLine(text, origin, undefined, timeMs);
        timeMs = line.timeMs;
        yield line;
      }
    },
  };
}

async function countLines(path: string): Promise<number> {
  let count = 0;
  for await (const line of textLines(bytesOf(path))) count += line === '' ? 0 : 1;
  return count;
}

const pieceBytes = 64 * 1024;

/** The bytes of a file; with `follow` also those that are added to it, until `signal` is aborted. */
async function* bytesOf(
  path: string,
  follow = false,
  clock?: Clock,
  signal?: AbortSignal,
): AsyncGenerator<Uint8Array, void, undefined> {
  const file = await open(path, 'r');
  try {
    while (signal?.aborted !== true) {
      const { bytesRead, buffer } = await file.read({ buffer: Buffer.alloc(pieceBytes) });
      if (bytesRead > 0) yield buffer.subarray(0, bytesRead);
      else if (follow && clock !== undefined) await clock.sleep(lookAgainMs, signal);
      else return;
    }
  } finally {
    await file.close();
  }
}
