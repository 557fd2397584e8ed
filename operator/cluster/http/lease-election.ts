import { childController } from '../../base/abort.ts';
import type { Clock } from '../../base/clock.ts';
import { describeError } from '../../base/errors.ts';
import type { Logger } from '../../base/logging.ts';
import type { Cluster, ObjectKey } from '../cluster.ts';
import { createLeaseRecord, type LeaseRecord } from './lease-record.ts';

/** Durations of an election. */
interface ElectionTimes {
  /** Within this time of the leader's last sign of life another acts in its place. Default 15 s. */
  readonly leaseDurationMs: number;
  /**
   * By how much less than the lease a standby waits, from when it saw the last sign of life: what seeing it took, and
   * what its own controllers take to begin. Default 2 s.
   */
  readonly headroomMs: number;
  /** How long the leader goes on without having renewed; less than others wait, so that it stops first. Default 10 s. */
  readonly renewDeadlineMs: number;
  /** Time between renewals. Default 2 s. */
  readonly renewPeriodMs: number;
  /** Time between a standby's tries: what a graceful hand-over may take. Default 1 s. */
  readonly standbyPeriodMs: number;
}

/** The durations of Kubernetes' own components, but for standbys, which look twice as often. */
const defaultElectionTimes: ElectionTimes = {
  leaseDurationMs: 15_000,
  headroomMs: 2_000,
  renewDeadlineMs: 10_000,
  renewPeriodMs: 2_000,
  standbyPeriodMs: 1_000,
};

export interface ElectionOptions {
  readonly cluster: Pick<Cluster, 'get' | 'create' | 'patch'>;
  /** The Lease that candidates compete for. */
  readonly lease: ObjectKey;
  /** Unique among candidates, also among processes of one host. */
  readonly identity: string;
  readonly clock: Clock;
  /** Numbers in [0, 1). */
  readonly random: () => number;
  readonly times?: Partial<ElectionTimes>;
  readonly log?: Pick<Logger, 'info' | 'warn'>;
}

/** A leader's time in office. */
export interface Term {
  /** Aborted when the term ends: nothing may be written afterwards. */
  readonly signal: AbortSignal;
  /**
   * Whether this process may write now. To be asked before each write: a process that was frozen wakes up before its
   * timers have told it how late it is.
   */
  isLeader(): boolean;
}

/** `stopped`: `signal` was aborted, and the lease given up. `lost`: the lease could not be kept; the process should end. */
export type ElectionEnd = 'stopped' | 'lost';

/**
 * Waits until this candidate is the leader, then runs `lead` until the lease is lost or `signal` is aborted. `lead` must
 * end soon after its term does; the lease is given up only then, so that two leaders never act at once.
 */
export async function whileLeader(
  options: ElectionOptions,
  signal: AbortSignal,
  lead: (term: Term) => Promise<void>,
): Promise<ElectionEnd> {
  const { clock, log } = options;
  const times = { ...defaultElectionTimes, ...options.times };
  const record = createLeaseRecord({
    cluster: options.cluster,
    key: options.lease,
    identity: options.identity,
    leaseDurationMs: times.leaseDurationMs,
    headroomMs: times.headroomMs,
    clock,
  });

  const acquiredAt = await acquire(record, times, options, signal);
  if (acquiredAt === undefined) return 'stopped';
  if (signal.aborted) {
    await release(record, options);
    return 'stopped';
  }
  log?.info({ lease: options.lease.name, identity: options.identity }, 'elected');

  let renewedAt = acquiredAt;
  const isInTime = () => elapsedSince(renewedAt, clock) < times.renewDeadlineMs;
  const term = childController(signal);
  const led = lead({ signal: term.signal, isLeader: () => !term.signal.aborted && isInTime() });
  // A `lead` that ends by itself, or fails, ends the term too.
  const ended = led.finally(() => term.abort());
  ended.catch(() => undefined);

  while (!isAborted(term.signal)) {
    await clock.sleep(times.renewPeriodMs, term.signal);
    if (isAborted(term.signal)) break;
    const triedAt = momentOf(clock);
    const remainingMs = times.renewDeadlineMs - elapsedSince(renewedAt, clock);
    if (await holdWithin(record, remainingMs, options)) renewedAt = triedAt;
    else if (!isInTime()) term.abort(new Error('the lease was lost'));
  }

  const isLost = !isInTime();
  if (isLost) log?.warn({ lease: options.lease.name, identity: options.identity }, 'the lease was lost');
  try {
    await led;
  } finally {
    if (!isLost) await release(record, options);
  }
  return isLost ? 'lost' : 'stopped';
}

async function release(record: LeaseRecord, { log }: ElectionOptions): Promise<void> {
  await record.release().catch((error: unknown) => {
    log?.warn({ error: describeError(error) }, 'the lease could not be given up; others wait for its end');
  });
}

/** When the lease was acquired, or `undefined` when the candidate was stopped before. */
async function acquire(
  record: LeaseRecord,
  { renewDeadlineMs, standbyPeriodMs }: ElectionTimes,
  options: ElectionOptions,
  signal: AbortSignal,
): Promise<Moment | undefined> {
  while (!isAborted(signal)) {
    const triedAt = momentOf(options.clock);
    if (await holdWithin(record, renewDeadlineMs, options)) return triedAt;
    // Candidates that start together should not try together for ever; but a lease that ends before is asked for at once.
    const lookInMs = standbyPeriodMs * (1 + options.random() / 5);
    const takeableInMs = record.takeableInMs() ?? 0;
    await options.clock.sleep(takeableInMs > 0 ? Math.min(lookInMs, takeableInMs) : lookInMs, signal);
  }
  return undefined;
}

/** A moment by both clocks of a machine. */
interface Moment {
  readonly atMs: number;
  readonly monotonicMs: number;
}

function momentOf(clock: Clock): Moment {
  return { atMs: clock.now(), monotonicMs: clock.monotonicMs() };
}

/**
 * Milliseconds since a moment by the clock that says more, for a leader must rather stop too early: the monotonic one
 * stands still while a machine is suspended, the other may be set back.
 */
function elapsedSince({ atMs, monotonicMs }: Moment, clock: Clock): number {
  return Math.max(clock.now() - atMs, clock.monotonicMs() - monotonicMs);
}

/** One try, counted as failed when it is not answered in time. */
async function holdWithin(
  record: LeaseRecord,
  timeoutMs: number,
  { clock, log }: ElectionOptions,
): Promise<boolean> {
  const answered = new AbortController();
  const attempt = record.tryHold().catch((error: unknown) => {
    log?.warn({ error: describeError(error) }, 'the lease could not be asked for');
    return false;
  });
  const tooLate = clock.sleep(Math.max(0, timeoutMs), answered.signal).then(() => false);
  const isHeld = await Promise.race([attempt, tooLate]);
  answered.abort();
  return isHeld;
}

/** Behind a call, so that the compiler does not take it for settled since the last look. */
function isAborted(signal: AbortSignal): boolean {
  return signal.aborted;
}
