import type { Clock } from '../../../operator/base/clock.ts';

interface Sleeper {
  readonly dueMs: number;
  readonly wake: () => void;
}

/** A clock that moves on by itself, from one sleeper to the next, as soon as nothing is left to do at a moment. */
export class VirtualClock implements Clock {
  #nowMs: number;
  readonly #sleepers = new Set<Sleeper>();

  constructor(nowMs: number) {
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
      const wake = () => {
        this.#sleepers.delete(sleeper);
        signal?.removeEventListener('abort', wake);
        resolve();
      };
      const sleeper = { dueMs: this.#nowMs + ms, wake };
      this.#sleepers.add(sleeper);
      signal?.addEventListener('abort', wake, { once: true });
    });
  }

  /**
   * Lets time pass until it holds.
   * @throws RangeError when it does not by `untilMs`
   */
  async runUntil(holds: () => boolean, untilMs: number): Promise<void> {
    await settle();
    while (!holds()) {
      let next: Sleeper | undefined;
      for (const sleeper of this.#sleepers)
        if (next === undefined || sleeper.dueMs < next.dueMs) next = sleeper;
      if (next === undefined || next.dueMs > untilMs) throw new RangeError('what was waited for never came');
      this.#nowMs = Math.max(this.#nowMs, next.dueMs);
      next.wake();
      await settle();
    }
  }
}

/** Lets every promise that can go on do so, and what it puts off to the next turn of the loop. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 2; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}
