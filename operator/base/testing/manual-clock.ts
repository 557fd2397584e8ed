import type { Clock } from '../clock.ts';

interface Sleeper {
  readonly dueMs: number;
  readonly wake: () => void;
}

/** A clock that stands still until a test moves it. */
export class ManualClock implements Clock {
  #nowMs: number;
  readonly #sleepers = new Set<Sleeper>();

  constructor(nowMs = Date.parse('2026-01-01T00:00:00Z')) {
    this.#nowMs = nowMs;
  }

  now(): number {
    return this.#nowMs;
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
      const sleeper = { dueMs: this.#nowMs + ms, wake: finish };
      this.#sleepers.add(sleeper);
      signal?.addEventListener('abort', finish, { once: true });
    });
  }

  /** Moves on, waking sleepers in the order in which they are due, and lets everything that follows run. */
  async advance(ms: number): Promise<void> {
    // What was begun before the time passes happens before it passes.
    await settle();
    const targetMs = this.#nowMs + ms;
    for (;;) {
      const next = [...this.#sleepers]
        .filter(({ dueMs }) => dueMs <= targetMs)
        .sort((a, b) => a.dueMs - b.dueMs)[0];
      if (next === undefined) break;
      this.#nowMs = Math.max(this.#nowMs, next.dueMs);
      next.wake();
      await settle();
    }
    this.#nowMs = targetMs;
    await settle();
  }

  /** When the first of those that sleep is due; `undefined` when none sleeps. */
  get nextDueMs(): number | undefined {
    return [...this.#sleepers].reduce<number | undefined>(
      (first, { dueMs }) => (first === undefined || dueMs < first ? dueMs : first),
      undefined,
    );
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
