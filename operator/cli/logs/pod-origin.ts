import type { LogOrigin } from './log-line.ts';

/** Attempt and index of a pod from its name, `<run>-<attempt>-<index>`, or `undefined` for another's. */
export function podOrigin(run: string, pod: string): LogOrigin | undefined {
  if (!pod.startsWith(`${run}-`)) return undefined;
  const [, attempt, podIndex] = /^(\d+)-(\d+)$/.exec(pod.slice(run.length + 1)) ?? [];
  if (attempt === undefined || podIndex === undefined) return undefined;
  return { pod, attempt: Number(attempt), podIndex: Number(podIndex) };
}
