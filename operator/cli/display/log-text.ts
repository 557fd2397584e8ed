import { toTimestamp } from '../../base/clock.ts';
import { isObject } from '../../api/v1alpha1/wire-guards.ts';
import type { LogLine } from '../logs/log-line.ts';
import type { Style } from './style.ts';

/** A line for people: `1-0 rank 3  07:31:05 info  step  loss=2.31`; what is not ours is shown as it is. */
export function formatLogLine({ attempt, podIndex, text, timeMs, fields }: LogLine, style: Style): string {
  const rank = fields?.rank === undefined ? '' : ` rank ${fields.rank}`;
  const prefix = style.dim(`${attempt}-${podIndex}${rank}`.padEnd(prefixWidth));
  if (fields === undefined) return `${prefix}  ${text}`;
  const details = Object.entries(fields.others).map(([key, value]) => `${key}=${formatValue(value)}`);
  const level = colourLevel(fields.level, style);
  const time = style.dim(toTimestamp(timeMs).slice(11, 19));
  return [prefix, `${time} ${level}`, fields.msg, ...details].join('  ').trimEnd();
}

/** Wide enough for attempt 10 and rank 63 of pod 15. */
const prefixWidth = '10-15 rank 63'.length;

/** A line for programs: the object as it was written, with its pod and attempt; other text as `msg`. */
export function formatLogJson({ pod, attempt, text, fields }: LogLine): string {
  const object: unknown = fields === undefined ? { msg: text } : JSON.parse(text);
  return JSON.stringify({ ...(isObject(object) ? object : {}), pod, attempt });
}

function formatValue(value: unknown): string {
  if (isObject(value) && typeof value.message === 'string') return JSON.stringify(value.message);
  if (typeof value === 'string') return /[\s"]/.test(value) ? JSON.stringify(value) : value;
  return JSON.stringify(value);
}

function colourLevel(level: string, style: Style): string {
  const text = level.padEnd(5);
  return ['warn', 'error', 'fatal'].includes(level) ? style.bad(text) : text;
}
