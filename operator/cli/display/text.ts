/** Breaks a text at spaces into lines of at most `width` columns; a longer word gets a line of its own. */
export function wrapWords(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(/\s+/).filter((part) => part !== '')) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line);
      line = '';
    }
    line = line === '' ? word : `${line} ${word}`;
  }
  return line === '' ? lines : [...lines, line];
}

const escape = '\u001b';
/** Escape sequences take no columns. Only colours are ever used inside a line. */
const colourSequence = new RegExp(`(${escape}\\[[0-9;]*m)`, 'g');

/** Columns that a text takes on a terminal. All that is printed here is one column a character. */
export function visibleWidth(text: string): number {
  return Array.from(text.replaceAll(colourSequence, '')).length;
}

/** The text cut to `width` columns; colours in it are kept and ended. */
export function truncate(text: string, width: number): string {
  if (visibleWidth(text) <= width) return text;
  let columns = 0;
  let result = '';
  for (const part of text.split(colourSequence)) {
    if (part.startsWith(escape)) {
      result += part;
      continue;
    }
    for (const character of part) {
      if (columns >= width) continue;
      columns += 1;
      result += columns === width ? '…' : character;
    }
  }
  return result;
}

/** The text with spaces after it up to `width` columns. */
export function padEnd(text: string, width: number): string {
  return text + ' '.repeat(Math.max(0, width - visibleWidth(text)));
}
