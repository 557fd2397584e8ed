import { describe, expect, it, onTestFinished } from 'vitest';
import { aborted } from '../base/abort.ts';
import { createLogger } from '../base/logging.ts';
import { ManualClock } from '../base/testing/manual-clock.ts';
import { ClusterError, type ClusterErrorReason } from '../cluster/cluster-error.ts';
import { OptionalApi } from './optional-api.ts';

type Answer = ClusterErrorReason | 'served';

/** An API of which each question about a version is answered in turn; the last answer stays. */
function ask(answers: Readonly<Record<string, readonly [Answer, ...Answer[]]>>) {
  const clock = new ManualClock();
  const lifetime = new AbortController();
  const asked = new Map<string, number>();
  const told: string[] = [];
  const api = new OptionalApi({
    name: 'queues',
    versions: Object.keys(answers),
    probe: (version) => {
      const count = asked.get(version) ?? 0;
      asked.set(version, count + 1);
      const answer = answers[version]?.[count] ?? answers[version]?.at(-1);
      return answer === undefined || answer === 'served'
        ? Promise.resolve()
        : Promise.reject(new ClusterError(answer, `it is ${answer}`));
    },
    open: (version) => ({ version, synced: Promise.resolve(), closed: aborted(lifetime.signal) }),
    onServed: () => told.push('served'),
    clock,
    log: createLogger('silent'),
    signal: lifetime.signal,
  });
  onTestFinished(async () => {
    lifetime.abort();
    await api.closed;
  });
  return { api, clock, told };
}

describe('an API that a cluster may serve', () => {
  it('is there once all of it is known', async () => {
    const { api, told } = ask({ v1: ['served'] });
    await api.synced;
    expect(api.current?.version).toBe('v1');
    expect(told).toEqual([]);
  });

  it('is taken in the newest version that is served', async () => {
    const { api } = ask({ v2: ['NotFound'], v1: ['served'] });
    await api.synced;
    expect(api.current?.version).toBe('v1');
  });

  it.each(['NotFound', 'Forbidden'] as const)(
    'keeps nobody waiting when the answer is %s, and is used when it comes',
    async (reason) => {
      const { api, clock, told } = ask({ v1: [reason, reason, 'served'] });
      await api.synced;
      expect(api.current).toBeUndefined();
      await clock.advance(60_000);
      expect(api.current).toBeUndefined();
      await clock.advance(60_000);
      expect(api.current?.version).toBe('v1');
      expect(told).toEqual(['served']);
    },
  );

  it('is not taken for absent while the server cannot say', async () => {
    const { api, clock } = ask({ v1: ['Unavailable', 'served'] });
    let isKnown = false;
    void api.synced.then(() => {
      isKnown = true;
    });
    await clock.advance(500);
    expect(isKnown).toBe(false);
    await clock.advance(500);
    expect(isKnown).toBe(true);
    expect(api.current?.version).toBe('v1');
  });
});
