import type { AuditedRequest } from '../../operator/audit-log.ts';
import { round } from './quantiles.ts';
import type { Contestant } from './contestant.ts';

/** Requests per run; leases and watches belong to a process and not to a run, and the bench's own are nobody's. */
export interface RequestsPerRun {
  /** Of the operator itself. */
  readonly own: number;
  /** With those of whoever else makes its pods. */
  readonly withHelpers: number;
  /** Of everybody, scheduler and nodes among them. */
  readonly everyones: number;
  /** The operator's own by verb and resource, such as `create pods`. */
  readonly ownByVerb: Readonly<Record<string, number>>;
}

/** Counts what was asked since a moment, in milliseconds since the epoch. */
export function requestsPerRun(
  audited: readonly AuditedRequest[],
  { user, helpers = [] }: Contestant,
  { sinceMs, runs, benchUser }: { sinceMs: number; runs: number; benchUser: string },
): RequestsPerRun {
  const asked = audited.filter(
    (request) =>
      request.atMs >= sinceMs &&
      request.user !== benchUser &&
      request.verb !== 'watch' &&
      request.resource !== 'leases',
  );
  const own = asked.filter((request) => request.user === user);
  const byVerb = new Map<string, number>();
  for (const { verb, resource } of own) {
    const key = `${verb} ${resource}`;
    byVerb.set(key, (byVerb.get(key) ?? 0) + 1);
  }
  return {
    own: round(own.length / runs),
    withHelpers: round(asked.filter((request) => [user, ...helpers].includes(request.user)).length / runs),
    everyones: round(asked.length / runs),
    ownByVerb: Object.fromEntries([...byVerb].sort().map(([key, count]) => [key, round(count / runs)])),
  };
}

/** How often an operator, or who makes its pods, changed something since a moment, in milliseconds since the epoch. */
export function writesSince(
  audited: readonly AuditedRequest[],
  { user, helpers = [] }: Contestant,
  sinceMs: number,
): number {
  return audited.filter(
    (request) =>
      [user, ...helpers].includes(request.user) &&
      request.resource !== 'leases' &&
      request.atMs > sinceMs &&
      !['get', 'list', 'watch'].includes(request.verb),
  ).length;
}
