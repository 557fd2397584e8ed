import { aborted } from '../base/abort.ts';
import type { Clock } from '../base/clock.ts';
import { describeError } from '../base/errors.ts';
import type { Logger } from '../base/logging.ts';
import { isClusterError } from '../cluster/cluster-error.ts';

/** What is watched of an API once it is served. */
interface Followed {
  readonly synced: Promise<void>;
  readonly closed: Promise<void>;
}

export interface OptionalApiOptions<Version, Caches extends Followed> {
  /** For the log. */
  readonly name: string;
  /** Newest first. */
  readonly versions: readonly Version[];
  /** Asks for something of a version; fails with NotFound where it is not served. */
  readonly probe: (version: Version) => Promise<unknown>;
  readonly open: (version: Version) => Caches;
  /** Called when it turns out to be served after all, once everything of it is known. */
  readonly onServed: () => void;
  readonly clock: Clock;
  readonly log: Logger;
  readonly signal: AbortSignal;
}

/** How long until it is asked again for an API that is not served; somebody may install it at any time. */
const probeAgainMs = 60_000;
const unavailableDelayMs = 1_000;

/** A part of the API that a cluster may serve or not, now or later. It is asked for, never assumed. */
export class OptionalApi<Version, Caches extends Followed> {
  readonly #options: OptionalApiOptions<Version, Caches>;
  readonly #known = Promise.withResolvers<undefined>();
  #caches: Caches | undefined;
  /** Resolves when it is known that it is not served, or what there is of it. */
  readonly synced: Promise<void> = this.#known.promise;
  /** Resolves when the lifetime has ended. */
  readonly closed: Promise<void>;

  constructor(options: OptionalApiOptions<Version, Caches>) {
    this.#options = options;
    this.closed = this.#follow();
  }

  /** What is known of it; `undefined` while it is not served. */
  get current(): Caches | undefined {
    return this.#caches;
  }

  async #follow(): Promise<void> {
    const { name, open, onServed, clock, log, signal } = this.#options;
    const hasEnded = () => signal.aborted;
    let isFirst = true;
    while (!hasEnded()) {
      const found = await this.#probe();
      if (found === 'unavailable') {
        await clock.sleep(unavailableDelayMs, signal);
        continue;
      }
      if (found !== undefined) {
        log.info({ api: name }, 'the cluster serves an optional API');
        const caches = open(found.version);
        await Promise.race([caches.synced, aborted(signal)]);
        this.#caches = caches;
        this.#known.resolve(undefined);
        if (!isFirst) onServed();
        await caches.closed;
        return;
      }
      isFirst = false;
      this.#known.resolve(undefined);
      await clock.sleep(probeAgainMs, signal);
    }
  }

  async #probe(): Promise<{ readonly version: Version } | 'unavailable' | undefined> {
    const { name, versions, probe, log } = this.#options;
    for (const version of versions) {
      try {
        await probe(version);
        return { version };
      } catch (error) {
        if (isClusterError(error, 'NotFound')) continue;
        if (isClusterError(error, 'Forbidden')) {
          log.info({ api: name, error: describeError(error) }, 'an optional API is left alone');
          continue;
        }
        if (!this.#options.signal.aborted)
          log.warn({ api: name, error: describeError(error) }, 'whether an API is served is not known yet');
        return 'unavailable';
      }
    }
    return undefined;
  }
}
