import type { Clock } from '../clock.ts';

interface Sleeper {
  readonly dueMs: number;
  readonly wake: () => void;
}

/** A clock that stands still until a test moves it. */
export class ManualClock implements Clock {
  #nowMs: number;
  #monotonicMs = 0;
  readonly #sleepers = new Set<Sleeper>();

  constructor(nowMs = Date.parse('2026-01-01T00:00:00Z')) {
    this.#nowMs = nowMs;
  }

  now(): number {
    return this.#nowMs;
  }

  monotonicMs(): number {
    return this.#monotonicMs;
  }

  /** Sets the time of day, without any time passing. */
  set(nowMs: number): void {
    this.#nowMs = nowMs;
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      if (signal?.aborted === true) {
        resolve();
        return;
      }
      const finish = () => {
        this.#sleepers.delete(sleeper);
        signal?.removeEventListener('abort', finish);
        resolve();
      };
      const sleeper = { dueMs: this.#monotonicMs + ms, wake: finish };
      this.#sleepers.add(sleeper);
      signal?.addEventListener('abort', finish, { once: true });
    });
  }

  /** Moves on, waking sleepers in the order in which they are due, and lets everything that follows run. */
  async advance(ms: number): Promise<void> {
    // What was begun before the time passes happens before it passes.
    await settle();
    const targetMs = this.#monotonicMs + ms;
    for (;;) {
      const next = [...this.#sleepers]
        .filter(({ dueMs }) => dueMs <= targetMs)
        .sort((a, b) => a.dueMs - b.dueMs)[0];
      if (next === undefined) break;
      this.#passUntil(Math.max(this.#monotonicMs, next.dueMs));
      next.wake();
      await settle();
    }
    this.#passUntil(targetMs);
    await settle();
  }

  #passUntil(monotonicMs: number): void {
    this.#nowMs += monotonicMs - this.#monotonicMs;
    this.#monotonicMs = monotonicMs;
  }

  /** Milliseconds until the first of those that sleep is due; `undefined` when none sleeps. */
  get nextDueInMs(): number | undefined {
    const dueMs = [...this.#sleepers].map(({ dueMs }) => dueMs);
    return dueMs.length === 0 ? undefined : Math.min(...dueMs) - this.#monotonicMs;
  }

  /** How many sleep now. */
  get sleeping(): number {
    return this.#sleepers.size;
  }
}

/** Lets every promise that can go on do so. */
async function settle(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
}
