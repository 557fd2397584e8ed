import type { TrialEvent } from './simulated-cluster.ts';

/** How far the n-th beginnings, or the n-th ends, are apart at most; infinitely when there are more of them in one. */
export function farthestApartMs(events: readonly TrialEvent[], others: readonly TrialEvent[]): number {
  const moments = (of: readonly TrialEvent[], what: TrialEvent['what']) =>
    of.filter((event) => event.what === what).map(({ atMs }) => atMs);
  return Math.max(
    ...(['begins', 'ends'] as const).flatMap((what) => {
      const theirs = moments(others, what);
      const ours = moments(events, what);
      return ours.length === theirs.length
        ? ours.map((atMs, place) => Math.abs(atMs - (theirs[place] ?? Infinity)))
        : [Infinity];
    }),
  );
}

/** What happened before a trial begins that has begun before, up to the loss that made it begin again. */
export function untilTheFirstRestart(events: readonly TrialEvent[]): TrialEvent[] {
  const begun = new Set<number>();
  const restart = events.find(({ what, trial }) => {
    if (what === 'ends') return false;
    const again = begun.has(trial);
    begun.add(trial);
    return again;
  });
  if (restart === undefined) return [...events];
  const loss = events.find(({ what, trial }) => what === 'ends' && trial === restart.trial);
  return events.filter(({ atMs }) => atMs <= (loss?.atMs ?? Infinity));
}
