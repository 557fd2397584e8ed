import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ManualClock } from '../base/testing/manual-clock.ts';
import { WorkQueue } from './work-queue.ts';

function open() {
  const clock = new ManualClock();
  const lifetime = new AbortController();
  const queue = new WorkQueue({ clock, signal: lifetime.signal });
  return { clock, lifetime, queue };
}

/** The next key if there is one already. */
async function poll(queue: WorkQueue): Promise<string | undefined> {
  return await Promise.race([
    queue.next(),
    new Promise<undefined>((resolve) => setImmediate(resolve, undefined)),
  ]);
}

describe('the work queue', () => {
  it('hands out each key once however often it is added, in order', async () => {
    const { queue } = open();
    for (const key of ['a', 'b', 'a', 'a']) queue.add(key);
    expect(await queue.next()).toBe('a');
    expect(await queue.next()).toBe('b');
    expect(await poll(queue)).toBeUndefined();
  });

  it('gives a key to one worker at a time, and again after it if it was added meanwhile', async () => {
    const { queue } = open();
    queue.add('a');
    await queue.next();
    queue.add('a');
    queue.add('a');
    const waiting = queue.next();
    queue.done('a');
    expect(await waiting).toBe('a');
    queue.done('a');
    expect(await poll(queue)).toBeUndefined();
  });

  it('wakes idle workers in the order in which they came', async () => {
    const { queue } = open();
    const workers = [queue.next(), queue.next()];
    queue.add('a');
    queue.add('b');
    expect(await Promise.all(workers)).toEqual(['a', 'b']);
  });

  it('adds a key when its delay is over, the earliest if there are several', async () => {
    const { queue, clock } = open();
    queue.addAfter('a', 5000);
    queue.addAfter('a', 1000);
    queue.addAfter('a', 3000);
    expect(clock.sleeping).toBe(1);
    const next = queue.next();
    await clock.advance(999);
    queue.add('b');
    expect(await next).toBe('b');
    await clock.advance(1);
    expect(await queue.next()).toBe('a');
    queue.done('a');
    await clock.advance(10_000);
    expect(await poll(queue)).toBeUndefined();
  });

  it('adds a key when its delay is over, also where the clock is set back', async () => {
    const { queue, clock } = open();
    queue.addAfter('a', 1000);
    clock.set(clock.now() - 3_600_000);
    // Its end is the earlier one, which it would not be by the time of day.
    queue.addAfter('a', 5000);
    await clock.advance(1000);
    expect(await queue.next()).toBe('a');
  });

  it('doubles the wait with every failure until the key is forgotten', async () => {
    const { queue, clock } = open();
    const waits: number[] = [];
    for (let failure = 0; failure < 12; failure += 1) {
      if (failure === 11) queue.forget('a');
      queue.addWithBackoff('a');
      const startMs = clock.now();
      const next = queue.next();
      while (
        (await Promise.race([next, new Promise((resolve) => setImmediate(resolve, 'none'))])) === 'none'
      ) {
        await clock.advance(100);
      }
      waits.push(clock.now() - startMs);
      queue.done('a');
    }
    expect(waits).toEqual([100, 200, 400, 800, 1600, 3200, 6400, 12_800, 25_600, 51_200, 60_000, 100]);
  });

  it('lets everybody go when its lifetime ends', async () => {
    const { queue, clock, lifetime } = open();
    const waiting = queue.next();
    queue.addAfter('a', 1000);
    lifetime.abort();
    expect(await waiting).toBeUndefined();
    expect(await queue.next()).toBeUndefined();
    expect(clock.sleeping).toBe(0);
    queue.add('b');
    expect(await queue.next()).toBeUndefined();
  });

  it('agrees with a model of sets, whatever is asked of it', async () => {
    const keys = ['a', 'b', 'c'];
    const operation = fc.oneof(
      fc.constantFrom(...keys).map((key) => ({ type: 'add' as const, key })),
      fc.constant({ type: 'next' as const, key: '' }),
      fc.constantFrom(...keys).map((key) => ({ type: 'done' as const, key })),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(operation, { maxLength: 60, size: 'max' }), async (operations) => {
        const { queue } = open();
        const model = { order: [] as string[], dirty: new Set<string>(), held: new Set<string>() };
        for (const { type, key } of operations) {
          if (type === 'add') {
            queue.add(key);
            if (!model.dirty.has(key) && !model.held.has(key)) model.order.push(key);
            model.dirty.add(key);
          } else if (type === 'done' && model.held.has(key)) {
            queue.done(key);
            model.held.delete(key);
            if (model.dirty.has(key)) model.order.push(key);
          } else if (type === 'next' && model.order.length > 0) {
            const expected = model.order.shift() ?? '';
            model.dirty.delete(expected);
            expect(model.held.has(expected)).toBe(false);
            model.held.add(expected);
            expect(await queue.next()).toBe(expected);
          }
        }
      }),
    );
  });
});
