import { setTimeout as sleep } from 'node:timers/promises';

/**
 * Waits until `condition` gives something other than `undefined`, and gives that.
 * @param whyNot what was seen last, for the error
 * @throws Error naming `what` when it does not within `timeoutMs`
 */
export async function until<T>(
  what: string,
  condition: () => Promise<T | undefined> | T | undefined,
  {
    timeoutMs = 30_000,
    everyMs = 50,
    whyNot,
  }: { timeoutMs?: number; everyMs?: number; whyNot?: () => unknown } = {},
): Promise<T> {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    const result = await condition();
    if (result !== undefined) return result;
    if (Date.now() > deadline) {
      throw new Error(`${what} did not happen within ${timeoutMs} ms`, { cause: whyNot?.() });
    }
    await sleep(everyMs);
  }
}
