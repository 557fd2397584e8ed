import type { Pod } from '../../../api/wire.ts';
import type { Clock } from '../../../base/clock.ts';
import { resourceTypes } from '../../cluster.ts';
import { ApiRefusal } from '../api-refusal.ts';
import { toApiStatus } from '../api-status.ts';
import type { ReflectorSource } from '../reflector.ts';
import { noWatchMetrics } from '../watch-metrics.ts';

/** What a watch connection does next: a line that it sends, a pause in milliseconds, or its end. */
export type Step = object | number | 'end' | 'break' | 'hang';

type Query = Readonly<Record<string, string>>;

/** The server as a reflector sees it, following a script. */
export interface ScriptedSource {
  readonly source: ReflectorSource<Pod>;
  /** Queries in the order in which they came; lists are marked. */
  readonly queries: (Query & { list?: 'true' })[];
  /** Failures that the reflector reported. */
  readonly failures: unknown[];
  /** Connections that are open now. */
  open(): number;
}

/** Makes a source whose watches, and lists, follow scripts, one after the other. A refusal stands for the whole answer. */
export function scriptedSource(
  clock: Clock,
  { watches, lists = [] }: { watches: (Step[] | ApiRefusal)[]; lists?: (object | ApiRefusal)[] },
): ScriptedSource {
  const queries: ScriptedSource['queries'] = [];
  const failures: unknown[] = [];
  let openCount = 0;

  async function* connection(steps: readonly Step[], signal: AbortSignal): AsyncGenerator<Buffer> {
    openCount += 1;
    const aborted = new Promise<never>((_, reject) =>
      signal.addEventListener('abort', () => {
        openCount -= 1;
        reject(new Error('aborted'));
      }),
    );
    aborted.catch(() => undefined);
    for (const step of steps) {
      if (step === 'end') return;
      if (step === 'break') throw new Error('the connection broke');
      if (step === 'hang') await aborted;
      if (typeof step === 'number') await clock.sleep(step, signal);
      else yield await Promise.resolve(Buffer.from(`${JSON.stringify(step)}\n`));
    }
    await aborted;
  }

  const source: ReflectorSource<Pod> = {
    type: resourceTypes.pods,
    list: (query) => {
      queries.push({ list: 'true', ...query });
      const answer = lists.shift() ?? { metadata: { resourceVersion: '0' }, items: [] };
      return answer instanceof ApiRefusal ? Promise.reject(answer) : Promise.resolve(answer);
    },
    watch: (query, signal) => {
      queries.push(query);
      const answer = watches.shift() ?? [];
      return answer instanceof ApiRefusal
        ? Promise.reject(answer)
        : Promise.resolve(connection(answer, signal));
    },
    clock,
    random: () => 0,
    onFailure: (error) => failures.push(error),
    metrics: noWatchMetrics('pods'),
  };
  return { source, queries, failures, open: () => openCount };
}

/** A pod as the wire has it. */
export function wirePod(name: string, uid: string, resourceVersion: string): object {
  return { metadata: { namespace: 'team', name, uid, resourceVersion } };
}

export const added = (...pod: Parameters<typeof wirePod>) => ({ type: 'ADDED', object: wirePod(...pod) });
export const modified = (...pod: Parameters<typeof wirePod>) => ({
  type: 'MODIFIED',
  object: wirePod(...pod),
});
export const deleted = (...pod: Parameters<typeof wirePod>) => ({ type: 'DELETED', object: wirePod(...pod) });

export function bookmark(resourceVersion: string): object {
  return { type: 'BOOKMARK', object: { metadata: { resourceVersion } } };
}

/** The bookmark that says that everything there is has been sent. */
export function initialEnd(resourceVersion: string): object {
  const annotations = { 'k8s.io/initial-events-end': 'true' };
  return { type: 'BOOKMARK', object: { metadata: { resourceVersion, annotations } } };
}

export function errorLine(code: number, reason: string): object {
  return { type: 'ERROR', object: { kind: 'Status', code, reason, message: reason } };
}

export function refusing(code: number, reason: string, retryAfter?: number): ApiRefusal {
  return new ApiRefusal(toApiStatus(code, { kind: 'Status', code, reason, message: reason }, retryAfter));
}
