import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ManualClock } from '../../base/testing/manual-clock.ts';
import type { WatchEvent } from '../cluster.ts';
import type { Pod } from '../../api/wire.ts';
import { reflect } from './reflector.ts';
import {
  added,
  bookmark,
  deleted,
  errorLine,
  initialEnd,
  modified,
  refusing,
  scriptedSource,
  wirePod,
  type ScriptedSource,
} from './testing/scripted-source.ts';

let clock: ManualClock;
let stop: AbortController;

beforeEach(() => {
  clock = new ManualClock();
  stop = new AbortController();
});

afterEach(() => {
  stop.abort();
});

/** Reads a reflector in the background, noting its events. */
function follow({ source }: ScriptedSource): { events: string[]; ended: Promise<void> } {
  const events: string[] = [];
  const ended = (async () => {
    for await (const event of reflect(source, stop.signal)) events.push(summary(event));
  })();
  return { events, ended };
}

function summary(event: WatchEvent<Pod>): string {
  if (event.type === 'synced') return 'synced';
  const { name, resourceVersion } = event.object.metadata;
  return `${event.type} ${name}@${resourceVersion ?? ''}`;
}

describe('a reflector', () => {
  it('asks for everything and its changes in one request', async () => {
    const server = scriptedSource(clock, {
      watches: [[added('a', 'u1', '5'), initialEnd('7'), modified('a', 'u1', '8'), deleted('a', 'u1', '9')]],
    });
    const { events } = follow(server);
    await clock.advance(0);
    expect(events).toEqual(['added a@5', 'synced', 'modified a@8', 'deleted a@9']);
    expect(server.queries).toEqual([
      {
        watch: 'true',
        allowWatchBookmarks: 'true',
        timeoutSeconds: '300',
        sendInitialEvents: 'true',
        resourceVersionMatch: 'NotOlderThan',
      },
    ]);
  });

  it('lists page by page and then watches where the server cannot do both in one', async () => {
    const server = scriptedSource(clock, {
      watches: [refusing(422, 'Invalid'), [modified('a', 'u1', '12')]],
      lists: [
        { metadata: { resourceVersion: '11', continue: 'more' }, items: [wirePod('a', 'u1', '5')] },
        { metadata: { resourceVersion: '11' }, items: [wirePod('b', 'u2', '6')] },
      ],
    });
    const { events } = follow(server);
    await clock.advance(0);
    expect(events).toEqual(['added a@5', 'added b@6', 'synced', 'modified a@12']);
    expect(server.queries.slice(1)).toEqual([
      { list: 'true', limit: '500' },
      { list: 'true', limit: '500', continue: 'more' },
      { watch: 'true', allowWatchBookmarks: 'true', timeoutSeconds: '300', resourceVersion: '11' },
    ]);
    expect(server.failures).toEqual([]);
  });

  it('goes on at once from the last bookmark when the server ends a watch in good order', async () => {
    const server = scriptedSource(clock, { watches: [[initialEnd('7'), bookmark('20'), 60_000, 'end'], []] });
    follow(server);
    await clock.advance(60_000);
    expect(server.queries[1]).toMatchObject({ resourceVersion: '20' });
    expect(server.failures).toEqual([]);
  });

  it('does not ask again at once when the server ends each watch at once', async () => {
    const server = scriptedSource(clock, { watches: [[initialEnd('7'), 'end'], ['end'], ['end'], []] });
    follow(server);
    await clock.advance(799);
    expect(server.queries).toHaveLength(1);
    await clock.advance(1);
    expect(server.queries).toHaveLength(2);
    await clock.advance(1599);
    expect(server.queries).toHaveLength(2);
    await clock.advance(1);
    expect(server.queries).toHaveLength(3);
  });

  it.each([
    ['in the stream', [errorLine(410, 'Expired')]],
    ['as the answer', refusing(410, 'Expired')],
  ])('begins anew when its version is too old, told %s, and finds what it missed', async (_, expiry) => {
    const server = scriptedSource(clock, {
      watches: [
        [
          added('kept', 'u1', '1'),
          added('gone', 'u2', '2'),
          added('again', 'u3', '3'),
          initialEnd('4'),
          'break',
        ],
        expiry,
        [added('kept', 'u1', '1'), added('again', 'u9', '30'), added('new', 'u4', '31'), initialEnd('40')],
      ],
    });
    const { events } = follow(server);
    await clock.advance(10_000);
    expect(events.slice(4)).toEqual(['deleted again@3', 'added again@30', 'added new@31', 'deleted gone@2']);
    expect(events.filter((event) => event === 'synced')).toHaveLength(1);
    expect(server.queries[1]).toMatchObject({ resourceVersion: '4' });
    expect(server.queries[2]).not.toHaveProperty('resourceVersion');
  });

  it('begins anew at once, as that happens in the ordinary course of things', async () => {
    const server = scriptedSource(clock, { watches: [[initialEnd('4'), errorLine(410, 'Expired')], []] });
    follow(server);
    await clock.advance(0);
    expect(server.queries).toHaveLength(2);
    expect(server.failures).toEqual([]);
  });

  it('forgets earlier failures once a watch has lived for two minutes', async () => {
    const minutes = [initialEnd('4'), 60_000, bookmark('5'), 60_000, bookmark('6'), 'break' as const];
    const server = scriptedSource(clock, { watches: [['break'], ['break'], minutes, []] });
    follow(server);
    await clock.advance(800 + 1600 + 120_000);
    expect(server.queries).toHaveLength(3);
    await clock.advance(800);
    expect(server.queries).toHaveLength(4);
  });

  it('keeps its place through other errors in the stream, and reports them', async () => {
    const server = scriptedSource(clock, {
      watches: [[initialEnd('4'), added('a', 'u1', '5'), errorLine(500, 'InternalError')], []],
    });
    const { events } = follow(server);
    await clock.advance(800);
    expect(server.queries[1]).toMatchObject({ resourceVersion: '5' });
    expect(server.failures).toHaveLength(1);
    expect(events).toEqual(['synced', 'added a@5']);
  });

  it('waits longer from failure to failure, and as long as the server asks', async () => {
    const server = scriptedSource(clock, {
      watches: [refusing(503, 'ServiceUnavailable'), refusing(429, 'TooManyRequests', 20), [initialEnd('4')]],
    });
    const { events } = follow(server);
    await clock.advance(800);
    expect(server.queries).toHaveLength(2);
    await clock.advance(19_999);
    expect(server.queries).toHaveLength(2);
    await clock.advance(1);
    expect(events).toEqual(['synced']);
  });

  it('waits at most 2 s for a server that is away', async () => {
    const watches = Array.from({ length: 40 }, () => ['break' as const]);
    const server = scriptedSource(clock, { watches });
    follow(server);
    await clock.advance(40_000);
    const before = server.queries.length;
    await clock.advance(2_000);
    expect(server.queries.length).toBe(before + 1);
  });

  it('is patient with a refusal as if it were the first when the server was away before', async () => {
    const away = Array.from({ length: 8 }, () => ['break' as const]);
    const server = scriptedSource(clock, {
      watches: [...away, refusing(403, 'Forbidden'), [initialEnd('4')]],
    });
    const { events } = follow(server);
    await clock.advance(20_000);
    expect(events).toEqual(['synced']);
  });

  it('takes a watch for broken that is silent for too long after a bookmark', async () => {
    const server = scriptedSource(clock, { watches: [[initialEnd('4'), bookmark('5')], []] });
    follow(server);
    await clock.advance(149_000);
    expect(server.queries).toHaveLength(1);
    await clock.advance(2_000);
    expect(server.queries[1]).toMatchObject({ resourceVersion: '5' });
    expect(String(server.failures[0])).toContain('silent for 150 s');
    expect(server.open()).toBe(1);
  });

  it('does not count the time that its reader takes as silence', async () => {
    const server = scriptedSource(clock, { watches: [[initialEnd('4'), added('a', 'u1', '5'), 'hang']] });
    const events = reflect(server.source, stop.signal);
    await events.next();
    await clock.advance(600_000);
    expect(await events.next()).toMatchObject({ value: { type: 'added' } });
    expect(server.queries).toHaveLength(1);
  });

  it('repeats what was interrupted before everything was shown, and tells nothing twice', async () => {
    const server = scriptedSource(clock, {
      watches: [
        [added('a', 'u1', '5'), 'break'],
        [added('a', 'u1', '5'), added('b', 'u2', '3'), initialEnd('9')],
      ],
    });
    const { events } = follow(server);
    await clock.advance(800);
    expect(events).toEqual(['added a@5', 'added b@3', 'synced']);
    expect(server.queries[1]).not.toHaveProperty('resourceVersion');
  });

  describe('that is stopped', () => {
    it('ends while it waits for the server, and closes the connection', async () => {
      const server = scriptedSource(clock, { watches: [[initialEnd('4'), 'hang']] });
      const { ended } = follow(server);
      await clock.advance(0);
      stop.abort();
      await ended;
      expect(server.open()).toBe(0);
      expect(clock.sleeping).toBe(0);
    });

    it('ends while it waits to try again', async () => {
      const server = scriptedSource(clock, { watches: [refusing(500, 'InternalError')] });
      const { ended } = follow(server);
      await clock.advance(0);
      stop.abort();
      await ended;
      expect(clock.sleeping).toBe(0);
    });

    it('tells nothing of what has arrived already', async () => {
      const server = scriptedSource(clock, {
        watches: [[initialEnd('4'), added('a', 'u1', '5'), added('b', 'u2', '6')]],
      });
      const seen: string[] = [];
      for await (const event of reflect(server.source, stop.signal)) {
        seen.push(summary(event));
        stop.abort();
      }
      expect(seen).toEqual(['synced']);
      expect(server.open()).toBe(0);
    });

    it('closes the connection when its reader leaves', async () => {
      const server = scriptedSource(clock, { watches: [[initialEnd('4'), 'hang']] });
      for await (const event of reflect(server.source, stop.signal)) if (event.type === 'synced') break;
      expect(server.open()).toBe(0);
    });
  });
});
