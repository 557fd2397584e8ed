import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { LogLine } from './log-line.ts';
import { mergeByTime } from './merge-lines.ts';
import { podOrigin } from './pod-origin.ts';
import { textLines } from './text-lines.ts';

// eslint-disable-next-line @typescript-eslint/require-await -- a stream whose items are there already
async function* streamOf<T>(items: readonly T[]): AsyncGenerator<T> {
  yield* items;
}

async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}

describe('lines of several pods', () => {
  it('come out in order of time, none lost', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.array(fc.nat(50)), { maxLength: 5 }), async (pods) => {
        const streams = pods.map((times, podIndex) =>
          streamOf(
            times
              .sort((left, right) => left - right)
              .map((timeMs): LogLine => ({ pod: '', attempt: 1, podIndex, text: '', timeMs })),
          ),
        );
        const merged = (await collect(mergeByTime(streams))).map(({ timeMs }) => timeMs);
        expect(merged).toEqual(pods.flat().sort((left, right) => left - right));
      }),
    );
  });
});

describe('text in pieces', () => {
  it('becomes the same lines however it is cut', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.string({ unit: 'grapheme' }).filter((line) => line !== '' && !line.includes('\n'))),
        fc.integer({ min: 1, max: 7 }),
        async (lines, pieceBytes) => {
          const bytes = new TextEncoder().encode(lines.map((line) => `${line}\n`).join(''));
          const pieces: Uint8Array[] = [];
          for (let at = 0; at < bytes.length; at += pieceBytes) pieces.push(bytes.slice(at, at + pieceBytes));
          expect(await collect(textLines(streamOf(pieces)))).toEqual(lines);
        },
      ),
    );
  });
});

describe('the name of a pod', () => {
  it('tells attempt and index, also of runs whose names look alike', () => {
    expect(podOrigin('digits', 'digits-2-1')).toEqual({ pod: 'digits-2-1', attempt: 2, podIndex: 1 });
    expect(podOrigin('digits', 'digits-2-1-0')).toBeUndefined();
    expect(podOrigin('digits', 'other-2-1')).toBeUndefined();
  });
});
