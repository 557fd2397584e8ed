import type { ProcessSignals, TextOutput } from '../context.ts';
import { rowsOf } from './terminal-size.ts';

/** The last lines of a terminal, drawn over again and again while other lines scroll by above them. */
export interface LiveRegion {
  /** Shows these lines in place of the last ones. Lines must fit the terminal's width. */
  draw(lines: readonly string[]): void;
  /** Prints lines above the region, for good. */
  print(lines: readonly string[]): void;
  /** Removes the region and gives the cursor back. */
  close(): void;
}

const hideCursor = '\u001b[?25l';
const showCursor = '\u001b[?25h';
/** Terminals that know mode 2026 show the frame between these at once; the others ignore them. */
const beginFrame = '\u001b[?2026h';
const endFrame = '\u001b[?2026l';
const clearToEnd = '\u001b[0J';

/** Begins a live region at the cursor. The cursor comes back on every exit of the process. */
export function openLiveRegion(output: TextOutput, signals: ProcessSignals): LiveRegion {
  let shown: readonly string[] = [];
  const restoreCursor = () => {
    output.write(showCursor);
  };
  signals.on('exit', restoreCursor);
  output.write(hideCursor);

  const goToTop = () => (shown.length === 0 ? '\r' : `\r\u001b[${shown.length}A`);
  const asText = (lines: readonly string[]) => lines.map((line) => `${line}\n`).join('');
  return {
    draw: (lines) => {
      const visible = lines.slice(0, Math.max(1, rowsOf(output) - 1));
      if (visible.length === shown.length && visible.every((line, index) => line === shown[index])) return;
      output.write(beginFrame + goToTop() + clearToEnd + asText(visible) + endFrame);
      shown = visible;
    },
    print: (lines) => {
      if (lines.length === 0) return;
      output.write(beginFrame + goToTop() + clearToEnd + asText(lines) + asText(shown) + endFrame);
    },
    close: () => {
      output.write(goToTop() + clearToEnd);
      shown = [];
      restoreCursor();
      signals.off('exit', restoreCursor);
    },
  };
}
