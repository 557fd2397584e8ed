import { describe, expect, it } from 'vitest';
import type { KubernetesObject } from '../../api/wire.ts';
import type { WatchEvent } from '../cluster.ts';
import { createKnownObjects } from './known-objects.ts';

function object(name: string, uid: string, resourceVersion: string): KubernetesObject {
  return { apiVersion: 'v1', kind: 'Pod', metadata: { namespace: 'team', name, uid, resourceVersion } };
}

function summary(events: readonly WatchEvent<KubernetesObject>[]): string[] {
  return events.map((event) =>
    event.type === 'synced' ? 'synced' : `${event.type} ${event.object.metadata.uid ?? ''}`,
  );
}

describe('known objects', () => {
  it('are added once, then modified', () => {
    const known = createKnownObjects();
    expect(summary(known.put(object('a', 'u1', '9')))).toEqual(['added u1']);
    expect(summary(known.put(object('a', 'u1', '10')))).toEqual(['modified u1']);
  });

  it('are not told again, nor an older state of them', () => {
    const known = createKnownObjects();
    known.put(object('a', 'u1', '10'));
    expect(known.put(object('a', 'u1', '10'))).toEqual([]);
    expect(known.put(object('a', 'u1', '9'))).toEqual([]);
    expect(known.put(object('a', 'u0', '8'))).toEqual([]);
  });

  it('that were made again under the same name are deleted and added', () => {
    const known = createKnownObjects();
    known.put(object('a', 'u1', '5'));
    expect(summary(known.put(object('a', 'u2', '9')))).toEqual(['deleted u1', 'added u2']);
    expect(known.remove(object('a', 'u1', '6'))).toEqual([]);
    expect(summary(known.remove(object('a', 'u2', '11')))).toEqual(['deleted u2']);
  });

  it('that are not shown among all that is there are deleted', () => {
    const known = createKnownObjects();
    known.put(object('a', 'u1', '5'));
    known.put(object('b', 'u2', '6'));
    expect(summary(known.retainOnly(new Set(['team/b'])))).toEqual(['deleted u1']);
    expect(known.retainOnly(new Set(['team/b']))).toEqual([]);
  });
});
