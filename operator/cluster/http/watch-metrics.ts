import { Counter, Gauge, type Registry } from 'prom-client';
import { RingmasterError } from '../../base/errors.ts';
import type { Clock } from '../../base/clock.ts';
import { isExpired } from './api-refusal.ts';

/** What is counted of one watch, from its first connection to its end. */
export interface WatchMetrics {
  /** The server sent something: an event or a bookmark, of which there is one a minute. */
  heard(): void;
  /** A connection ended and the next is opened; `failure` is absent when the server ended it in the ordinary course. */
  restarted(failure?: unknown): void;
  /** Nobody follows any more. */
  ended(): void;
}

/** Begins to count a watch of a resource, named by its plural. */
export type FollowWatch = (resource: string) => WatchMetrics;

/** Metrics that tell whether what the operator decides on is what the API server has. */
export function createWatchMetrics(registry: Registry, clock: Clock): FollowWatch {
  /** When each watch last heard of the server, by resource. */
  const lastHeard = new Map<string, Set<{ atMs: number }>>();
  const restarts = new Counter({
    name: 'ringmaster_watch_restarts_total',
    help: 'Watches that were opened again, by resource and by why the connection before ended.',
    labelNames: ['resource', 'reason'],
    registers: [registry],
  });
  // prom-client asks it to look whenever the metrics are read.
  const staleness = new Gauge({
    name: 'ringmaster_cache_staleness_seconds',
    help: 'Time since the API server last sent an event or a bookmark of a resource that is watched.',
    labelNames: ['resource'],
    registers: [registry],
    collect() {
      staleness.reset();
      for (const [resource, watches] of lastHeard) {
        const oldestMs = Math.min(...[...watches].map(({ atMs }) => atMs));
        staleness.set({ resource }, (clock.monotonicMs() - oldestMs) / 1000);
      }
    },
  });

  return (resource) => {
    const own = { atMs: clock.monotonicMs() };
    const watches = lastHeard.get(resource) ?? new Set();
    lastHeard.set(resource, watches.add(own));
    restarts.inc({ resource, reason: 'Ended' }, 0);
    return {
      heard: () => {
        own.atMs = clock.monotonicMs();
      },
      restarted: (failure) => restarts.inc({ resource, reason: reasonOf(failure) }),
      ended: () => {
        watches.delete(own);
        if (watches.size === 0 && lastHeard.get(resource) === watches) lastHeard.delete(resource);
      },
    };
  };
}

/** One of the few words of `ClusterErrorReason`, `Expired`, or `Ended`. */
function reasonOf(failure: unknown): string {
  if (failure === undefined) return 'Ended';
  if (isExpired(failure)) return 'Expired';
  return failure instanceof RingmasterError ? failure.reason : 'Unavailable';
}

/** Counts nothing. */
export const noWatchMetrics: FollowWatch = () => ({
  heard: () => undefined,
  restarted: () => undefined,
  ended: () => undefined,
});
