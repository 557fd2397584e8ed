import { EventEmitter } from 'node:events';
import { describe, expect, it } from 'vitest';
import { openLiveRegion } from './live-region.ts';

/** Escape sequences and line ends. */
const sequences = new RegExp(String.raw`(${'\u001b'}\[[?\d]*[a-zA-Z]|\n|\r)`);

/** A terminal that understands what the region writes. */
function fakeTerminal(rows = 24) {
  const lines: string[] = [''];
  let row = 0;
  const state = { cursorShown: true, writes: 0 };
  const put = (text: string) => {
    lines[row] = (lines[row] ?? '') + text;
  };
  const obey = (sequence: string) => {
    if (sequence.endsWith('A')) row -= Number(sequence.slice(2, -1));
    else if (sequence === '\u001b[0J') lines.splice(row, lines.length, '');
    else if (sequence === '\u001b[?25l') state.cursorShown = false;
    else if (sequence === '\u001b[?25h') state.cursorShown = true;
    else if (!sequence.startsWith('\u001b[?2026')) throw new Error(`unknown ${JSON.stringify(sequence)}`);
  };
  return {
    rows,
    state,
    screen: () => lines.filter((line, index) => line !== '' || index < lines.length - 1),
    write: (text: string) => {
      state.writes += 1;
      for (const part of text.split(sequences)) {
        if (part === '\n') {
          row += 1;
          lines[row] ??= '';
        } else if (part.startsWith('\u001b')) obey(part);
        else if (part !== '\r') put(part);
      }
    },
  };
}

describe('a live region', () => {
  it('is drawn in place, while printed lines stay above it', () => {
    const terminal = fakeTerminal();
    const region = openLiveRegion(terminal, new EventEmitter());
    region.draw(['bar 1', 'figures 1']);
    region.draw(['bar 2', 'figures 2']);
    region.print(['attempt 1 failed']);
    region.draw(['bar 3']);
    expect(terminal.screen()).toEqual(['attempt 1 failed', 'bar 3']);
    region.close();
    expect(terminal.screen()).toEqual(['attempt 1 failed']);
  });

  it('writes nothing for a frame that is like the last one', () => {
    const terminal = fakeTerminal();
    const region = openLiveRegion(terminal, new EventEmitter());
    region.draw(['bar']);
    const { writes } = terminal.state;
    region.draw(['bar']);
    expect(terminal.state.writes).toBe(writes);
    region.close();
  });

  it('never takes more rows than the terminal has, which could not be drawn over', () => {
    const terminal = fakeTerminal(4);
    const region = openLiveRegion(terminal, new EventEmitter());
    region.draw(['1', '2', '3', '4', '5']);
    expect(terminal.screen()).toEqual(['1', '2', '3']);
    region.close();
  });

  it('gives the cursor back when it is closed, and when the process exits before that', () => {
    const signals = new EventEmitter();
    const [closed, open] = [fakeTerminal(), fakeTerminal()];
    openLiveRegion(closed, signals).close();
    openLiveRegion(open, signals).draw(['bar']);
    expect([closed.state.cursorShown, open.state.cursorShown]).toEqual([true, false]);
    expect(signals.listenerCount('exit')).toBe(1);
    signals.emit('exit');
    expect(open.state.cursorShown).toBe(true);
  });
});
