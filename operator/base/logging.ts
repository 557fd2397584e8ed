import { pino, type Logger } from 'pino';

export type { Logger };

/** Log levels a person can choose, most talkative first. */
export const logLevels = ['trace', 'debug', 'info', 'warn', 'error', 'silent'] as const;
export type LogLevel = (typeof logLevels)[number];

/** The level of a word, or `info` when there is none or it is no level. */
export function logLevelOf(word: string | undefined): LogLevel {
  return logLevels.find((level) => level === word) ?? 'info';
}

/**
 * A logger that writes one JSON object a line to standard error, so that standard output stays free for results.
 * @param bindings fields on every line, such as `run`, `attempt` and `rank`
 */
export function createLogger(level: LogLevel, bindings: Readonly<Record<string, unknown>> = {}): Logger {
  return pino(
    {
      level,
      base: bindings,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    pino.destination({ fd: 2, sync: true }),
  );
}
