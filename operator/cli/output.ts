import { dump } from 'js-yaml';
import { CommandError } from './command-error.ts';

const outputFormats = ['json', 'yaml'] as const;
export type OutputFormat = (typeof outputFormats)[number];

/** Checks the value of `--output`. */
export function parseOutputFormat(text: string): OutputFormat {
  const format = outputFormats.find((candidate) => candidate === text);
  if (format === undefined) {
    throw new CommandError(`--output must be one of ${outputFormats.join(', ')} (found "${text}")`);
  }
  return format;
}

/** A value as a program reads it, with the line end after it. */
export function formatOutput(value: unknown, format: OutputFormat): string {
  return format === 'json' ? `${JSON.stringify(value, undefined, 2)}\n` : dump(value, { lineWidth: -1 });
}
