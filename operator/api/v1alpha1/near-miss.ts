import { closest, distance } from 'fastest-levenshtein';

/**
 * The candidate that a misspelt word most likely means: at most a third of its letters differ, and two may always have
 * changed places, which counts as two differences.
 */
export function nearMiss(word: string, candidates: readonly string[]): string | undefined {
  if (candidates.length === 0) return undefined;
  const folded = candidates.find((candidate) => candidate.toLowerCase() === word.toLowerCase());
  if (folded !== undefined) return folded;
  const best = closest(word, [...candidates]);
  const longer = Math.max(word.length, best.length);
  const allowed = Math.max(longer < 4 ? 1 : 2, Math.floor(longer / 3));
  return distance(word, best) <= allowed ? best : undefined;
}
