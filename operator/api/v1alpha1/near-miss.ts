import { closest, distance } from 'fastest-levenshtein';

/** The candidate that a misspelt word most likely means: at most a third of its letters differ. */
export function nearMiss(word: string, candidates: readonly string[]): string | undefined {
  if (candidates.length === 0) return undefined;
  const folded = candidates.find((candidate) => candidate.toLowerCase() === word.toLowerCase());
  if (folded !== undefined) return folded;
  const best = closest(word, [...candidates]);
  return distance(word, best) <= Math.max(1, Math.floor(Math.max(word.length, best.length) / 3))
    ? best
    : undefined;
}
