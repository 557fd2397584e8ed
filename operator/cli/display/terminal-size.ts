import type { TextOutput } from '../context.ts';

/** Columns of a terminal; 80 where there is none, and on pseudo-terminals that were never told (they say 0). */
export function columnsOf({ columns = 0 }: TextOutput): number {
  return columns > 0 ? columns : 80;
}

/** Rows of a terminal; 24 where they are not known. */
export function rowsOf({ rows = 0 }: TextOutput): number {
  return rows > 0 ? rows : 24;
}
