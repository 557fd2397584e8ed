import type { Clock } from '../base/clock.ts';
import { noControllerMetrics, type QueueMetrics } from './controller-metrics.ts';

export interface WorkQueueOptions {
  readonly clock: Clock;
  /** Ends the queue: waiting workers get `undefined`, delayed keys are dropped. */
  readonly signal: AbortSignal;
  /** Wait before the first retry of a key; doubles with each. Default 100 ms. */
  readonly initialBackoffMs?: number;
  /** Longest wait before a retry. Default 60 s. */
  readonly maxBackoffMs?: number;
  /** Default: counts nothing. */
  readonly metrics?: QueueMetrics;
}

/**
 * Keys of objects to look at, with the semantics of client-go's work queue: a key is in the queue once however often it
 * is added, no two workers hold the same key, and a key that is added while it is held comes back when it is released.
 */
export class WorkQueue {
  readonly #clock: Clock;
  readonly #signal: AbortSignal;
  readonly #initialBackoffMs: number;
  readonly #maxBackoffMs: number;
  readonly #metrics: QueueMetrics;
  /** Keys to hand out, in order. */
  readonly #ready: string[] = [];
  /** Keys that need a look, those in `ready` and those added while a worker holds them, and since when. */
  readonly #dirty = new Map<string, number>();
  /** Keys that a worker holds, and since when. */
  readonly #processing = new Map<string, number>();
  readonly #idleWorkers: ((key: string | undefined) => void)[] = [];
  readonly #delayed = new Map<string, { readonly readyAtMs: number; readonly cancel: AbortController }>();
  readonly #failures = new Map<string, number>();

  constructor(options: WorkQueueOptions) {
    const { clock, signal, initialBackoffMs = 100, maxBackoffMs = 60_000 } = options;
    this.#clock = clock;
    this.#metrics = options.metrics ?? noControllerMetrics.queue;
    this.#signal = signal;
    this.#initialBackoffMs = initialBackoffMs;
    this.#maxBackoffMs = maxBackoffMs;
    signal.addEventListener('abort', () => this.#end(), { once: true });
  }

  /** Asks for a look at the key as soon as a worker is free. */
  add(key: string): void {
    if (this.#signal.aborted || this.#dirty.has(key)) return;
    this.#dirty.set(key, this.#clock.monotonicMs());
    this.#metrics.added(this.#dirty.size);
    if (!this.#processing.has(key)) this.#offer(key);
  }

  /** Asks for a look after so long. Of several delays of one key the one that ends first counts. */
  addAfter(key: string, delayMs: number): void {
    if (this.#signal.aborted) return;
    if (delayMs <= 0) {
      this.add(key);
      return;
    }
    const readyAtMs = this.#clock.monotonicMs() + delayMs;
    const earlier = this.#delayed.get(key);
    if (earlier !== undefined && earlier.readyAtMs <= readyAtMs) return;
    earlier?.cancel.abort('another delay ends first');
    const cancel = new AbortController();
    this.#delayed.set(key, { readyAtMs, cancel });
    void this.#clock.sleep(delayMs, cancel.signal).then(() => {
      if (cancel.signal.aborted) return;
      this.#delayed.delete(key);
      this.add(key);
    });
  }

  /** Asks for another try after a failure; the wait doubles with every failure since the last {@link forget}. */
  addWithBackoff(key: string): void {
    const failures = this.#failures.get(key) ?? 0;
    this.#failures.set(key, failures + 1);
    this.#metrics.retried();
    this.addAfter(key, Math.min(this.#maxBackoffMs, this.#initialBackoffMs * 2 ** Math.min(failures, 32)));
  }

  /** Ends the backoff of a key that succeeded or is gone. */
  forget(key: string): void {
    this.#failures.delete(key);
  }

  /** The next key, held until {@link done}; `undefined` once the queue has ended. */
  next(): Promise<string | undefined> {
    if (this.#signal.aborted) return Promise.resolve(undefined);
    const key = this.#ready.shift();
    if (key !== undefined) return Promise.resolve(this.#take(key));
    return new Promise((resolve) => {
      this.#idleWorkers.push(resolve);
    });
  }

  /** Releases a key. */
  done(key: string): void {
    const takenAtMs = this.#processing.get(key);
    this.#processing.delete(key);
    if (takenAtMs !== undefined) this.#metrics.done((this.#clock.monotonicMs() - takenAtMs) / 1000);
    if (this.#dirty.has(key) && !this.#signal.aborted) this.#offer(key);
  }

  #offer(key: string): void {
    const worker = this.#idleWorkers.shift();
    if (worker === undefined) this.#ready.push(key);
    else worker(this.#take(key));
  }

  #take(key: string): string {
    const nowMs = this.#clock.monotonicMs();
    const waitedMs = nowMs - (this.#dirty.get(key) ?? nowMs);
    this.#dirty.delete(key);
    this.#processing.set(key, nowMs);
    this.#metrics.taken(waitedMs / 1000, this.#dirty.size);
    return key;
  }

  #end(): void {
    for (const { cancel } of this.#delayed.values()) cancel.abort('the queue has ended');
    this.#delayed.clear();
    for (const worker of this.#idleWorkers.splice(0)) worker(undefined);
  }
}
