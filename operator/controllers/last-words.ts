import { parseTerminationMessage, type TerminationMessage } from '../api/trainer/termination-message.ts';
import { labels } from '../api/v1alpha1/group.ts';
import type { Pod } from '../api/wire.ts';
import { attemptOf, trainerState } from '../plan/gang.ts';

interface Spoken {
  readonly runUid: string;
  readonly attempt: number;
  readonly words: Map<string, TerminationMessage>;
}

/**
 * What trainers that were told to stop said last. Such a pod saves, speaks and is removed within moments, often before
 * a reconcile comes to look; the watch still tells its last state.
 */
export class LastWords {
  readonly #spoken = new Map<string, Spoken>();

  /**
   * Takes note of a pod in any state, the last included.
   * @param key of the run that the pod is labelled with
   */
  note(key: string, pod: Pod): void {
    const runUid = pod.metadata.labels?.[labels.runUid];
    if (runUid === undefined || pod.metadata.deletionTimestamp === undefined) return;
    const words = parseTerminationMessage(trainerState(pod)?.terminated?.message);
    if (words === undefined) return;
    const attempt = attemptOf(pod);
    const known = this.#spoken.get(key);
    const isSame = known?.runUid === runUid && known.attempt === attempt;
    if (!isSame && known?.runUid === runUid && known.attempt > attempt) return;
    const spoken = isSame ? known : { runUid, attempt, words: new Map<string, TerminationMessage>() };
    spoken.words.set(pod.metadata.name, words);
    this.#spoken.set(key, spoken);
  }

  /** Of the pods of one attempt, as far as they have spoken. */
  of(key: string, { runUid, attempt }: Omit<Spoken, 'words'>): readonly TerminationMessage[] {
    const spoken = this.#spoken.get(key);
    return spoken?.runUid === runUid && spoken.attempt === attempt ? [...spoken.words.values()] : [];
  }

  forget(key: string): void {
    this.#spoken.delete(key);
  }
}
