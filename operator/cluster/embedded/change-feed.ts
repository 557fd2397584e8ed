import type { StoredObject } from './wire-object.ts';

/** One committed write. */
export interface Change {
  readonly plural: string;
  readonly type: 'written' | 'deleted';
  /** Shared by all subscribers: copy it before giving it away. */
  readonly object: StoredObject;
}

/** Hands every committed write to every subscriber, in order and without gaps. */
export class ChangeFeed {
  readonly #subscriptions = new Set<Subscription>();

  publish(change: Change): void {
    for (const subscription of this.#subscriptions) subscription.push(change);
  }

  /** Everything published from now on, about one resource, until `signal` is aborted. */
  subscribe(plural: string, signal: AbortSignal): Subscription {
    const subscription = new Subscription(plural, signal, () => this.#subscriptions.delete(subscription));
    if (!signal.aborted) this.#subscriptions.add(subscription);
    return subscription;
  }
}

/** The changes that one watcher has not yet read. Unbounded: a watcher that skipped one would act on a wrong world. */
export class Subscription {
  readonly #plural: string;
  readonly #signal: AbortSignal;
  readonly #leave: () => void;
  #unread: Change[] = [];
  #wake: (() => void) | undefined;

  constructor(plural: string, signal: AbortSignal, leave: () => void) {
    this.#plural = plural;
    this.#signal = signal;
    this.#leave = leave;
    signal.addEventListener('abort', this.#stop, { once: true });
  }

  push(change: Change): void {
    if (change.plural !== this.#plural) return;
    this.#unread.push(change);
    this.#wake?.();
  }

  /** The next changes, at least one; or none once the signal is aborted. */
  async next(): Promise<readonly Change[]> {
    if (this.#unread.length === 0 && !this.#signal.aborted) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
      this.#wake = undefined;
    }
    const changes = this.#signal.aborted ? [] : this.#unread;
    this.#unread = [];
    return changes;
  }

  close(): void {
    this.#signal.removeEventListener('abort', this.#stop);
    this.#leave();
  }

  readonly #stop = () => {
    this.#leave();
    this.#wake?.();
  };
}
