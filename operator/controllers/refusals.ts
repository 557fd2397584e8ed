import type { Refusal } from '../plan/observed-run.ts';

interface Refused {
  readonly runUid: string;
  readonly attempt: number;
  readonly refusal: Refusal;
}

/** Which runs the API let have no more objects when they were last asked for, and why. An operator that starts anew asks anew. */
export class Refusals {
  readonly #refused = new Map<string, Refused>();

  /** @param key of the run */
  note(key: string, refused: Refused): void {
    this.#refused.set(key, refused);
  }

  /** Of the present attempt; `undefined` when nothing was refused. */
  of(key: string, { runUid, attempt }: Omit<Refused, 'refusal'>): Refusal | undefined {
    const refused = this.#refused.get(key);
    return refused?.runUid === runUid && refused.attempt === attempt ? refused.refusal : undefined;
  }

  forget(key: string): void {
    this.#refused.delete(key);
  }
}
