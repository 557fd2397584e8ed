import { setImmediate } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { createLimit } from './limit.ts';

it('a limit runs so many tasks at a time, in order, and goes on after one that failed', async () => {
  const limit = createLimit(2);
  const begun: number[] = [];
  let running = 0;
  let most = 0;
  const tasks = [0, 1, 2, 3, 4, 5].map((number) =>
    limit(async () => {
      begun.push(number);
      running += 1;
      most = Math.max(most, running);
      await setImmediate();
      running -= 1;
      if (number === 1) throw new Error('this one failed');
      return number;
    }),
  );
  const outcomes = await Promise.allSettled(tasks);
  expect(outcomes.map(({ status }) => status === 'fulfilled')).toEqual([true, false, true, true, true, true]);
  expect(begun).toEqual([0, 1, 2, 3, 4, 5]);
  expect(most).toBe(2);
});
