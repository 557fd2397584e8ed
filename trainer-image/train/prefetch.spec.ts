import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { createPrefetch } from './prefetch.ts';

describe('prefetching', () => {
  it('begins the next item once the last one has been handed on, and no item twice', async () => {
    const begun: number[] = [];
    const prefetch = createPrefetch((index) => Promise.resolve(begun.push(index) && index * 10), 3, 6);
    expect(begun).toEqual([]);
    expect(await prefetch.next()).toBe(30);
    expect(begun).toEqual([3]);
    await nextTurn();
    expect(begun).toEqual([3, 4]);
    expect(await prefetch.next()).toBe(40);
    expect(await prefetch.next()).toBe(50);
    await nextTurn();
    expect(begun).toEqual([3, 4, 5]);
    await expect(prefetch.next()).rejects.toThrow(RangeError);
  });

  it('gives back the item before the last, for its memory', async () => {
    const spares: unknown[] = [];
    const prefetch = createPrefetch(
      (index, spare: number | undefined) => {
        spares.push(spare);
        return Promise.resolve(index);
      },
      0,
      9,
    );
    for (let index = 0; index < 4; index += 1) {
      await prefetch.next();
      await nextTurn();
    }
    // While 1 is trained on and 2 is made, 0 is of no use any more.
    expect(spares).toEqual([undefined, undefined, 0, 1, 2]);
  });

  it('hands a failure to whoever asks for the item that failed', async () => {
    const prefetch = createPrefetch(
      (index) => (index === 1 ? Promise.reject(new Error('torn')) : Promise.resolve(index)),
      0,
      3,
    );
    expect(await prefetch.next()).toBe(0);
    await expect(prefetch.next()).rejects.toThrow('torn');
  });

  it('waits for what is under way when closed, and makes nothing more', async () => {
    const { promise, resolve } = Promise.withResolvers<number>();
    const prefetch = createPrefetch((index) => (index === 0 ? Promise.resolve(0) : promise), 0, 9);
    await prefetch.next();
    await nextTurn();
    let closed = false;
    const closing = prefetch.close().then(() => (closed = true));
    await Promise.resolve();
    expect(closed).toBe(false);
    resolve(1);
    expect(await closing).toBe(true);
  });

  it('begins nothing after it was closed', async () => {
    const begun: number[] = [];
    const prefetch = createPrefetch((index) => Promise.resolve(begun.push(index)), 0, 9);
    await prefetch.next();
    await prefetch.close();
    await nextTurn();
    expect(begun).toEqual([0]);
  });
});
