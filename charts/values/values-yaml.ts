import { dump } from 'js-yaml';
import type { DocumentedValue } from './documented-value.ts';

const width = 110;

/** values.yaml: every key with its default, under what is said of it. */
export function valuesYaml(values: readonly DocumentedValue[], indent = ''): string {
  return values
    .map(({ key, description, byDefault, keys }, index) => {
      const gap = index > 0 && indent === '' ? '\n' : '';
      const comment = wrapped(description, width - indent.length - 2)
        .map((line) => `${indent}# ${line}\n`)
        .join('');
      const value =
        keys.length > 0
          ? `\n${valuesYaml(keys, `${indent}  `)}`
          : ` ${dump(byDefault, { flowLevel: 0, lineWidth: -1, quoteStyle: 'single' }).trim()}\n`;
      return `${gap}${comment}${indent}${key}:${value}`;
    })
    .join('');
}

function wrapped(text: string, columns: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(' ').filter((part) => part !== '')) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + word.length <= columns)
      lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines;
}
