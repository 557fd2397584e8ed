import { padEnd, visibleWidth } from './text.ts';

/** Rows as columns of equal width, three spaces apart, as kubectl prints them. The first row is the heading. */
export function drawTable(rows: readonly (readonly string[])[]): string[] {
  const columns = Math.max(0, ...rows.map((row) => row.length));
  const widths = Array.from({ length: columns }, (_, column) =>
    Math.max(...rows.map((row) => visibleWidth(row[column] ?? ''))),
  );
  return rows.map((row) =>
    row
      .map((cell, column) => padEnd(cell, widths[column] ?? 0))
      .join('   ')
      .trimEnd(),
  );
}
