import { pino, type Logger } from 'pino';
import { humanLine } from './human-log.ts';

export type { Logger };

/** Log levels a person can choose, most talkative first. */
export const logLevels = ['trace', 'debug', 'info', 'warn', 'error', 'silent'] as const;
export type LogLevel = (typeof logLevels)[number];

/** The level of a word, or `info` when there is none or it is no level. */
export function logLevelOf(word: string | undefined): LogLevel {
  return logLevels.find((level) => level === word) ?? 'info';
}

/** Where a log goes and in which form. */
export interface LogOutput {
  /** One JSON object a line, for machines, or a line for people at a terminal. */
  readonly form: 'json' | 'human';
  readonly write: (line: string) => unknown;
}

/** Standard error, so that standard output stays free for results: for people where it is a terminal. */
export function standardError({ isTTY }: { readonly isTTY?: boolean } = {}): LogOutput {
  const destination = pino.destination({ fd: 2, sync: true });
  return { form: isTTY === true ? 'human' : 'json', write: (line) => destination.write(line) };
}

/**
 * A logger. What is bound to it is on every line.
 * @param bindings fields such as `run`, `attempt` and `rank`
 * @param output default: JSON on standard error
 */
export function createLogger(
  level: LogLevel,
  bindings: Readonly<Record<string, unknown>> = {},
  { form, write }: LogOutput = standardError(),
): Logger {
  return pino(
    {
      level,
      base: bindings,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    { write: (line) => void write(form === 'human' ? humanLine(line) : line) },
  );
}
