/** Colours of text. Each function gives its text back unchanged where colours are not wanted. */
export interface Style {
  readonly bold: (text: string) => string;
  readonly dim: (text: string) => string;
  readonly good: (text: string) => string;
  readonly bad: (text: string) => string;
  readonly busy: (text: string) => string;
  readonly enabled: boolean;
}

/** Colours of the terminal's own palette, so that any background suits. */
export function createStyle(enabled: boolean): Style {
  const colour = (code: number) => (text: string) => (enabled ? `\u001b[${code}m${text}\u001b[0m` : text);
  return { enabled, bold: colour(1), dim: colour(2), good: colour(32), bad: colour(31), busy: colour(36) };
}

/** Whether a stream should get colours: a terminal, unless NO_COLOR (no-color.org) or TERM=dumb says otherwise. */
export function wantsColour(
  isTerminal: boolean,
  environment: Readonly<Record<string, string | undefined>>,
): boolean {
  return isTerminal && (environment.NO_COLOR ?? '') === '' && environment.TERM !== 'dumb';
}
