import type { Event } from '../../api/wire.ts';
import { fromTimestamp } from '../../base/clock.ts';
import { formatDurationMs } from '../../base/durations.ts';
import type { Style } from './style.ts';
import { drawTable } from './table.ts';

/**
 * An event as it is read: those of the kubelet are written by an older API and show up here with these fields in place
 * of `eventTime` and `series`.
 */
export interface ReadEvent extends Omit<Event, 'eventTime' | 'note'> {
  readonly eventTime?: string | null;
  readonly note?: string;
  readonly series?: { readonly count: number; readonly lastObservedTime: string };
  readonly deprecatedCount?: number;
  readonly deprecatedFirstTimestamp?: string | null;
  readonly deprecatedLastTimestamp?: string | null;
}

/** When an event happened last, in milliseconds since the Unix epoch. */
export function lastSeenMs(event: ReadEvent): number {
  const moments = [event.series?.lastObservedTime, event.deprecatedLastTimestamp, event.eventTime];
  const known = moments.map((moment) => fromTimestamp(moment ?? undefined)).find((ms) => ms !== undefined);
  return known ?? fromTimestamp(event.metadata.creationTimestamp) ?? 0;
}

/**
 * Events as a table, in the order given.
 * @param wide adds where they are and who told them
 */
export function drawEventTable(
  events: readonly ReadEvent[],
  nowMs: number,
  style: Style,
  wide = false,
): string[] {
  const rows = events.map((event) => {
    const count = event.series?.count ?? event.deprecatedCount ?? 1;
    return [
      `${formatDurationMs(Math.max(0, nowMs - lastSeenMs(event)))} ago`,
      event.type === 'Warning' ? style.bad(event.type) : event.type,
      event.reason,
      `${event.regarding.kind} ${event.regarding.name}`,
      count > 1 ? `x${count}` : '',
      ...(wide ? [event.metadata.namespace ?? '', event.reportingController] : []),
      // A note is one line of the table, whatever it says.
      (event.note ?? '').replaceAll(/\s+/g, ' ').trim(),
    ];
  });
  return drawTable([
    ['LAST SEEN', 'TYPE', 'REASON', 'OBJECT', 'COUNT', ...(wide ? ['NAMESPACE', 'FROM'] : []), 'NOTE'],
    ...rows,
  ]);
}
