import { Option } from 'commander';
import { dump } from 'js-yaml';
import { CommandError } from './command-error.ts';

const outputFormats = ['json', 'yaml'] as const;
export type OutputFormat = (typeof outputFormats)[number];

/** What `--output` takes where there is a table: also `wide`, the table with more columns. */
export type TableFormat = OutputFormat | 'wide';
const tableFormats = ['wide', ...outputFormats] as const;

/** `--output json|yaml`. */
export function outputOption(description: string): Option {
  return formatOption(outputFormats, description);
}

/** `--output wide|json|yaml`, where there is a table. */
export function tableOption(description: string): Option {
  return formatOption(tableFormats, description);
}

function formatOption(formats: readonly string[], description: string): Option {
  return new Option('-o, --output <format>', description)
    .choices(formats)
    .argParser((text) => oneOf(formats, text));
}

function oneOf<T extends string>(formats: readonly T[], text: string): T {
  const format = formats.find((candidate) => candidate === text);
  if (format === undefined) {
    throw new CommandError(`--output must be one of ${formats.join(', ')} (found "${text}")`);
  }
  return format;
}

/** One object as itself, several as the list that kubectl would print. */
export function asObject(objects: readonly unknown[]): unknown {
  return objects.length === 1 ? objects[0] : asList(objects);
}

export function asList(objects: readonly unknown[]): unknown {
  return { apiVersion: 'v1', kind: 'List', items: objects };
}

/** A value as a program reads it, with the line end after it. */
export function formatOutput(value: unknown, format: OutputFormat): string {
  return format === 'json' ? `${JSON.stringify(value, undefined, 2)}\n` : dump(value, { lineWidth: -1 });
}
