import { once } from 'node:events';

/** Resolves when `signal` is aborted. */
export async function aborted(signal: AbortSignal): Promise<void> {
  if (!signal.aborted) await once(signal, 'abort');
}

/** A controller that is aborted with its parent, for a lifetime inside another. */
export function childController(parent: AbortSignal): AbortController {
  const child = new AbortController();
  const follow = () => {
    child.abort(parent.reason);
  };
  if (parent.aborted) follow();
  else parent.addEventListener('abort', follow, { once: true, signal: child.signal });
  return child;
}
