import type { LogLine } from './log-line.ts';

/** Lines of several streams, each in order of time, as one in order of time. Holds one line of each stream. */
export async function* mergeByTime(
  streams: readonly AsyncIterable<LogLine>[],
): AsyncGenerator<LogLine, void, undefined> {
  const iterators = streams.map((stream) => stream[Symbol.asyncIterator]());
  const heads = await Promise.all(iterators.map((iterator) => iterator.next()));
  try {
    for (;;) {
      let earliest: { readonly index: number; readonly line: LogLine } | undefined;
      for (const [index, head] of heads.entries()) {
        if (head.done === true) continue;
        if (earliest === undefined || head.value.timeMs < earliest.line.timeMs)
          earliest = { index, line: head.value };
      }
      if (earliest === undefined) return;
      yield earliest.line;
      const iterator = iterators[earliest.index];
      if (iterator !== undefined) heads[earliest.index] = await iterator.next();
    }
  } finally {
    for (const iterator of iterators) await iterator.return?.();
  }
}
