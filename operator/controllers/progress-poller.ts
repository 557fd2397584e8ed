import { isDeepStrictEqual } from 'node:util';
import { childController } from '../base/abort.ts';
import type { Clock } from '../base/clock.ts';
import { describeError } from '../base/errors.ts';
import type { Logger } from '../base/logging.ts';
import type { ProgressDocument } from '../api/trainer/progress.ts';
import type { ObservedRun } from '../plan/observed-run.ts';

/** Asks one trainer for its progress. */
export type FetchProgress = (address: string, signal: AbortSignal) => Promise<ProgressDocument>;

export interface ProgressPollerOptions {
  readonly fetchProgress: FetchProgress;
  readonly clock: Clock;
  readonly log: Logger;
  readonly signal: AbortSignal;
  /** Shortest time between two questions to one trainer. */
  readonly intervalMs: number;
  /** Called when a trainer said something new. */
  readonly onNews: (key: string) => void;
}

/** Whom to ask: one attempt of one run. */
export interface ProgressSource {
  readonly runUid: string;
  readonly attempt: number;
  readonly address: string;
}

/** What is known of an attempt's progress, as the planner takes it. */
export type LastProgress = Pick<ObservedRun, 'progress' | 'lastAdvanceMs'>;

interface Conversation {
  readonly source: ProgressSource;
  readonly lifetime: AbortController;
  /** By the monotonic clock, as the next. */
  lastAskedMs?: number;
  isAsking: boolean;
  document?: ProgressDocument;
  advancedAtMs: number;
}

/** Questions under way at once, over all runs. More wait for their next turn. */
const maxQuestions = 64;

/** Keeps the last progress of running runs, asking in the background so that no worker ever waits for a trainer. */
export class ProgressPoller {
  readonly #options: ProgressPollerOptions;
  readonly #conversations = new Map<string, Conversation>();
  #questions = 0;

  constructor(options: ProgressPollerOptions) {
    this.#options = options;
  }

  /** What the trainer of this attempt said last, and when it last said something new; nothing if it was never asked. */
  last(key: string, { runUid, attempt }: Omit<ProgressSource, 'address'>): LastProgress {
    const conversation = this.#conversations.get(key);
    if (conversation?.source.runUid !== runUid || conversation.source.attempt !== attempt) return {};
    const { document, advancedAtMs } = conversation;
    const { clock } = this.#options;
    // For the planner in the time of day of now, so that nothing seems to hang when that is set.
    const lastAdvanceMs = clock.now() - (clock.monotonicMs() - advancedAtMs);
    return document === undefined ? { lastAdvanceMs } : { progress: document, lastAdvanceMs };
  }

  /** Asks the trainer if it is time to, without waiting for the answer. */
  ask(key: string, source: ProgressSource): void {
    const conversation = this.#conversationWith(key, source);
    const { clock, intervalMs } = this.#options;
    const isTooSoon = clock.monotonicMs() < (conversation.lastAskedMs ?? -Infinity) + intervalMs;
    if (conversation.isAsking || isTooSoon || this.#questions >= maxQuestions) return;
    conversation.isAsking = true;
    conversation.lastAskedMs = clock.monotonicMs();
    this.#questions += 1;
    void this.#listen(key, conversation).finally(() => {
      conversation.isAsking = false;
      this.#questions -= 1;
    });
  }

  /** Ends the conversation; nothing it still answers is heard. */
  forget(key: string): void {
    this.#conversations.get(key)?.lifetime.abort();
    this.#conversations.delete(key);
  }

  #conversationWith(key: string, source: ProgressSource): Conversation {
    const present = this.#conversations.get(key);
    if (present !== undefined && isDeepStrictEqual(present.source, source)) return present;
    this.forget(key);
    const conversation: Conversation = {
      source,
      lifetime: childController(this.#options.signal),
      isAsking: false,
      // From here on silence counts.
      advancedAtMs: this.#options.clock.monotonicMs(),
    };
    this.#conversations.set(key, conversation);
    return conversation;
  }

  async #listen(key: string, conversation: Conversation): Promise<void> {
    const { fetchProgress, clock, log, onNews } = this.#options;
    const { source, lifetime } = conversation;
    try {
      const document = await fetchProgress(source.address, lifetime.signal);
      if (lifetime.signal.aborted || isDeepStrictEqual(document, conversation.document)) return;
      if (isAdvance(conversation.document, document)) conversation.advancedAtMs = clock.monotonicMs();
      conversation.document = document;
      onNews(key);
    } catch (error) {
      if (!lifetime.signal.aborted)
        log.debug({ run: key, error: describeError(error) }, 'no progress was told');
    }
  }
}

/** Whether training went on; a document may change without, for instance in its rate. */
function isAdvance(before: ProgressDocument | undefined, after: ProgressDocument): boolean {
  return (
    before?.state !== after.state ||
    before.progress?.step !== after.progress?.step ||
    before.lastStepAtMs !== after.lastStepAtMs ||
    before.history.length !== after.history.length
  );
}
