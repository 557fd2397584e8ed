import { pino } from 'pino';
import type { Logger, LogLevel } from '../../base/logging.ts';

/** A logger into a file of JSON lines, so that the terminal is left to the display. Appends; makes the folder. */
export function openLogFile(path: string, level: LogLevel): Logger {
  return pino(
    {
      level,
      base: {},
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    pino.destination({ dest: path, mkdir: true, sync: true }),
  );
}
