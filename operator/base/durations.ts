const unitMs: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** What a duration looks like in a manifest: `90s`, `10m`, `2h30m`, `500ms`. RE2 and JavaScript agree on it. */
export const durationPattern = /^([0-9]+(ms|s|m|h|d))+$/;

/**
 * Milliseconds of a duration such as `2h30m`.
 * @throws RangeError when the text does not match {@link durationPattern}
 */
export function parseDurationMs(text: string): number {
  if (!durationPattern.test(text)) throw new RangeError(`"${text}" is not a duration such as 90s or 2h30m`);
  let totalMs = 0;
  for (const [, amount, unit] of text.matchAll(/([0-9]+)(ms|s|m|h|d)/g)) {
    totalMs += Number(amount) * (unitMs[unit ?? ''] ?? 0);
  }
  return totalMs;
}

/** A length of time for people: `850 ms`, `12 s`, `4 min 05 s`, `2 h 07 min`, `3 d 04 h`. */
export function formatDurationMs(durationMs: number): string {
  if (!Number.isFinite(durationMs)) return 'unknown';
  if (durationMs < 1000) return `${Math.max(0, Math.round(durationMs))} ms`;
  const seconds = Math.round(durationMs / 1000);
  const pad = (value: number) => String(value).padStart(2, '0');
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${pad(seconds % 60)} s`;
  if (seconds < 86_400)
    return `${Math.floor(seconds / 3600)} h ${pad(Math.floor((seconds % 3600) / 60))} min`;
  return `${Math.floor(seconds / 86_400)} d ${pad(Math.floor((seconds % 86_400) / 3600))} h`;
}
