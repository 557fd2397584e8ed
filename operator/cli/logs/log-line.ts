import { isObject } from '../../api/v1alpha1/wire-guards.ts';
import { fromTimestamp } from '../../base/clock.ts';

/** Which pod of which attempt wrote something. */
export interface LogOrigin {
  readonly pod: string;
  readonly attempt: number;
  /** Index of the pod in its gang. */
  readonly podIndex: number;
}

/** One line of a pod's output. */
export interface LogLine extends LogOrigin {
  readonly text: string;
  /** Milliseconds since the Unix epoch; that of the line before where a line says none. */
  readonly timeMs: number;
  /** The line's fields, when it is one of ours: JSON with a level. */
  readonly fields?: LogFields;
}

interface LogFields {
  readonly level: string;
  readonly msg: string;
  readonly rank?: number;
  readonly others: Readonly<Record<string, unknown>>;
}

/** Told by the prefix, or of no use to a reader. */
const impliedFields = new Set([
  'level',
  'msg',
  'time',
  'rank',
  'run',
  'runUid',
  'attempt',
  'namespace',
  'pod',
]);

/**
 * Reads one line.
 * @param timeMs when it was written, if that is known; else the line's own word, else `previousMs`
 */
export function parseLogLine(
  text: string,
  origin: LogOrigin,
  timeMs: number | undefined,
  previousMs: number,
): LogLine {
  const object = parseObject(text);
  const said = typeof object?.time === 'string' ? fromTimestamp(object.time) : undefined;
  const line = { ...origin, text, timeMs: timeMs ?? said ?? previousMs };
  if (object === undefined || typeof object.level !== 'string') return line;
  const { level, msg, rank } = object;
  const others = Object.fromEntries(Object.entries(object).filter(([key]) => !impliedFields.has(key)));
  return {
    ...line,
    fields: {
      level,
      msg: typeof msg === 'string' ? msg : '',
      ...(typeof rank === 'number' ? { rank } : {}),
      others,
    },
  };
}

function parseObject(text: string): Record<string, unknown> | undefined {
  if (!text.startsWith('{')) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
