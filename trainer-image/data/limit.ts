/** Runs tasks, at most so many at a time, in the order in which they are given. */
export type Limit = <Result>(task: () => Promise<Result>) => Promise<Result>;

/** @param parallel 1 or more */
export function createLimit(parallel: number): Limit {
  const waiting: (() => void)[] = [];
  let running = 0;
  return async (task) => {
    if (running >= parallel) {
      // The place is handed over by the task that ends.
      await new Promise<void>((resolve) => {
        waiting.push(resolve);
      });
    } else {
      running += 1;
    }
    try {
      return await task();
    } finally {
      const next = waiting.shift();
      if (next === undefined) running -= 1;
      else next();
    }
  };
}
