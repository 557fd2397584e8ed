import { withOverlay } from '../api/v1alpha1/training-sweep-settings.ts';
import type { Ablation, AblationRow } from '../api/v1alpha1/training-sweep-spec.ts';

/** A cell of the table: one row, trained with one seed. */
export interface AblationCell {
  readonly row: AblationRow;
  readonly seed: number;
  /** What the cell sets of a run's spec. */
  readonly overlay: Record<string, unknown>;
}

/** The cell of an index from 0: all rows with the first seed, then all with the second, so that seeds can be added. */
export function ablationCell({ rows, mode, seeds }: Ablation, index: number): AblationCell | undefined {
  const row = rows[index % rows.length];
  const seed = seeds[Math.floor(index / rows.length)];
  if (row === undefined || seed === undefined) return undefined;
  const settings = lineOf(rows, mode, row).reduce<Record<string, unknown>>(
    (overlay, { set }) => withOverlay(overlay, set),
    {},
  );
  return { row, seed, overlay: withOverlay(settings, { recipe: { seed } }) };
}

/** The rows whose settings a row has, the first one first. */
function lineOf(rows: readonly AblationRow[], mode: Ablation['mode'], row: AblationRow): AblationRow[] {
  const index = rows.indexOf(row);
  const base =
    row.from === undefined
      ? rows[mode === 'cumulative' ? index - 1 : index === 0 ? -1 : 0]
      : rows.slice(0, index).find(({ name }) => name === row.from);
  return base === undefined ? [row] : [...lineOf(rows, mode, base), row];
}
