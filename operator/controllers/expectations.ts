import type { Clock } from '../base/clock.ts';

interface Expectation {
  readonly isMet: () => boolean;
  readonly sinceMs: number;
}

/**
 * What the caches have yet to show of our own writes. While something is outstanding for a run nothing is planned for
 * it: a pod that was made but not seen yet would be made twice, and a status not seen yet would be decided again.
 */
export class Expectations {
  readonly #clock: Clock;
  readonly #timeoutMs: number;
  readonly #byOwner = new Map<string, Expectation[]>();

  /** @param timeoutMs after this the caches are not believed any more and the cluster is asked itself */
  constructor(clock: Clock, timeoutMs: number) {
    this.#clock = clock;
    this.#timeoutMs = timeoutMs;
  }

  /** Notes a write that was acknowledged, with how to tell that the caches show it. */
  expect(owner: string, isMet: () => boolean): void {
    const outstanding = this.#byOwner.get(owner) ?? [];
    outstanding.push({ isMet, sinceMs: this.#clock.monotonicMs() });
    this.#byOwner.set(owner, outstanding);
  }

  /**
   * Forgets what the caches show now. To be called after every change of a cache, because what was shown once may be
   * gone by the time of the next plan.
   */
  observe(owner: string): void {
    const outstanding = this.#byOwner.get(owner)?.filter(({ isMet }) => !isMet());
    if (outstanding === undefined) return;
    if (outstanding.length === 0) this.#byOwner.delete(owner);
    else this.#byOwner.set(owner, outstanding);
  }

  /** `settled`: the caches show all; `overdue`: they should by now; otherwise how long to wait at most. */
  state(owner: string): 'settled' | 'overdue' | { readonly waitMs: number } {
    this.observe(owner);
    const oldest = this.#byOwner.get(owner)?.[0];
    if (oldest === undefined) return 'settled';
    const waitMs = oldest.sinceMs + this.#timeoutMs - this.#clock.monotonicMs();
    return waitMs <= 0 ? 'overdue' : { waitMs };
  }

  /** Drops what was expected for a run: it is gone, or the cluster was asked itself. */
  forget(owner: string): void {
    this.#byOwner.delete(owner);
  }
}
