/** Gives one batch after the other and makes the next while the present one is trained on. */
export interface Prefetch<Item> {
  /**
   * The next item. The one after it is begun in the next turn of the event loop: first whoever asked hands this one to
   * TensorFlow, which computes while the next is made. The item before may be written over from then on.
   */
  next(): Promise<Item>;
  /** Resolves when nothing is being made any more. Never rejects. */
  close(): Promise<void>;
}

/**
 * @param make makes the item of an index; called for one index at a time, in order. `spare` is an item that nobody uses
 * any more, whose memory it may take: fresh memory for each large batch costs page faults, and makes V8 collect garbage
 * after every second one.
 * @param first index of the first item
 * @param end index after the last item
 */
export function createPrefetch<Item>(
  make: (index: number, spare: Item | undefined) => Promise<Item>,
  first: number,
  end: number,
): Prefetch<Item> {
  let index = first;
  let ahead: Promise<Item> | undefined;
  let given: Item | undefined;
  let spare: Item | undefined;
  let beginning: NodeJS.Immediate | undefined;

  function begin(): void {
    clearImmediate(beginning);
    if (index >= end || ahead !== undefined) return;
    ahead = make(index, spare);
    index += 1;
    // A failure belongs to whoever asks for the item, which may be later than Node waits for a handler.
    ahead.catch(() => undefined);
  }

  return {
    async next() {
      begin();
      const item = ahead;
      if (item === undefined) throw new RangeError(`there is no item ${end}`);
      const value = await item;
      ahead = undefined;
      spare = given;
      given = value;
      beginning = setImmediate(begin);
      return value;
    },
    async close() {
      index = end;
      await ahead?.catch(() => undefined);
    },
  };
}
