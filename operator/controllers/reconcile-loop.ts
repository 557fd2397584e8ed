import { aborted } from '../base/abort.ts';
import type { Clock } from '../base/clock.ts';
import { describeError } from '../base/errors.ts';
import type { Logger } from '../base/logging.ts';
import { isClusterError } from '../cluster/cluster-error.ts';
import type { ControllerMetrics, ReconcileResult } from './controller-metrics.ts';
import type { WorkQueue } from './work-queue.ts';

export interface ReconcileLoopOptions {
  /** What the keys in the queue are of, as log lines call it. */
  readonly subject: 'run' | 'sweep';
  readonly queue: WorkQueue;
  /** What must be known before work begins. */
  readonly caches: readonly { readonly synced: Promise<void>; readonly closed: Promise<void> }[];
  /** How many keys are worked on at once. */
  readonly workers: number;
  /** Brings the object of a key nearer to what it should be. */
  readonly reconcile: (key: string) => Promise<void>;
  readonly metrics: ControllerMetrics;
  readonly clock: Clock;
  readonly log: Logger;
  /** Called once everything that exists is known and work begins. */
  readonly onReady?: () => void;
  /** Lifetime: on abort, reconciles under way are finished and no other begins. */
  readonly signal: AbortSignal;
}

/** Reconciles what the queue says until its lifetime ends; what fails comes back after a while. */
export async function reconcileLoop(options: ReconcileLoopOptions): Promise<void> {
  const { caches, workers: count, metrics, onReady, signal } = options;
  await Promise.race([Promise.all(caches.map(({ synced }) => synced)), aborted(signal)]);
  metrics.started(count);
  if (!signal.aborted) onReady?.();
  const workers = Array.from({ length: count }, () => work(options));
  await Promise.all([...workers, ...caches.map(({ closed }) => closed)]);
}

async function work({ subject, queue, reconcile, metrics, clock, log }: ReconcileLoopOptions): Promise<void> {
  for (let key = await queue.next(); key !== undefined; key = await queue.next()) {
    const startedAtMs = clock.monotonicMs();
    let result: ReconcileResult = 'success';
    metrics.reconciling();
    try {
      await reconcile(key);
      queue.forget(key);
    } catch (error) {
      result = 'error';
      // Whatever is wrong with this object must not keep a worker from the others.
      log[isOvertaken(error) ? 'debug' : 'warn'](
        { [subject]: key, error: describeError(error) },
        'a reconcile failed and is tried again',
      );
      queue.addWithBackoff(key);
    } finally {
      metrics.reconciled(result, (clock.monotonicMs() - startedAtMs) / 1000);
      queue.done(key);
    }
  }
}

/**
 * That an object was changed, deleted, or gave its name free between two calls is no fault of anybody. A name that stays
 * taken is told otherwise, with whose it is.
 */
function isOvertaken(error: unknown): boolean {
  return (['Conflict', 'NotFound', 'AlreadyExists'] as const).some((reason) => isClusterError(error, reason));
}
