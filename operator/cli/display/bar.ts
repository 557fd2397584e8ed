/** Left eighths of a cell, from one to seven. */
const eighths = ['▏', '▎', '▍', '▌', '▋', '▊', '▉'];

/**
 * A bar that is filled to `share` (0 to 1) of its width, in steps of an eighth of a column.
 * Cells that are not filled are a light line, so that the end of the bar is seen.
 */
export function drawBar(share: number, width: number): string {
  const filledEighths = Math.floor(Math.min(1, Math.max(0, share)) * width * 8);
  const full = Math.floor(filledEighths / 8);
  const rest = filledEighths % 8;
  const partial = rest === 0 ? '' : (eighths[rest - 1] ?? '');
  return '█'.repeat(full) + partial + '─'.repeat(width - full - partial.length);
}
