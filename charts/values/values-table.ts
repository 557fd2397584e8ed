import type { DocumentedValue } from './documented-value.ts';

/** The rows of the table of values: the path of each key, its default as JSON, what it does. */
export function valuesTable(values: readonly DocumentedValue[]): string {
  const rows = [['value', 'default', 'does'], ...leaves(values, '')];
  const widths = [0, 1, 2].map((column) => Math.max(...rows.map((row) => (row[column] ?? '').length)));
  const line = (cells: readonly string[], fill = ' ') =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column] ?? 0, fill)).join(' | ')} |`;
  const [head = [], ...body] = rows;
  return [line(head), line(['', '', ''], '-'), ...body.map((row) => line(row))].join('\n');
}

function leaves(values: readonly DocumentedValue[], path: string): string[][] {
  return values.flatMap(({ key, description, byDefault, keys }) =>
    keys.length > 0
      ? leaves(keys, `${path}${key}.`)
      : [[`\`${path}${key}\``, `\`${JSON.stringify(byDefault)}\``, description.replaceAll('|', '\\|')]],
  );
}
