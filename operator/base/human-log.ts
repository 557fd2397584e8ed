import { inspect } from 'node:util';

/** Fields that every line has, or that are not shown after the message. */
const ownFields = ['level', 'time', 'msg', 'component'];

/**
 * A line of the log as a person at a terminal reads it: the time of day in UTC, the level, which part of the program,
 * the message, then everything else as `name=value`. What is not a line of the log stays as it is.
 */
export function humanLine(json: string): string {
  let line: Record<string, unknown>;
  try {
    line = JSON.parse(json) as Record<string, unknown>;
  } catch {
    return json;
  }
  const { level, time, msg, component } = line;
  const rest = Object.entries(line)
    .filter(([name]) => !ownFields.includes(name))
    .map(([name, value]) => `${name}=${typeof value === 'string' ? value : compact(value)}`);
  const words = [
    wordOf(time).slice('2026-01-01T'.length, -'Z'.length),
    wordOf(level).padEnd(5),
    wordOf(component),
    wordOf(msg),
    ...rest,
  ];
  return `${words.filter((word) => word !== '').join('  ')}\n`;
}

function wordOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function compact(value: unknown): string {
  return inspect(value, { breakLength: Infinity, compact: true, depth: 6 });
}
