import { describe, expect, it } from 'vitest';
import type { KubernetesObject } from '../../operator/api/wire.ts';
import { resourceTypes, type WatchEvent } from '../../operator/cluster/cluster.ts';
import type { ContractFixture } from './contract-fixture.ts';
import { pod, startWatch, summary, versionOf } from './contract-world.ts';

const { trainingRuns, pods } = resourceTypes;

export function describeWatch(fixture: ContractFixture): void {
  const { key, createRun, createPod } = fixture;

  describe('watch', () => {
    const isSynced = (event: WatchEvent<KubernetesObject>) => event.type === 'synced';
    const isAbout = (text: string) => (event: WatchEvent<KubernetesObject>) => summary(event) === text;

    it('begins with what is there, then says that it is in step', async () => {
      await createRun('a');
      await createRun('b');
      await using watch = startWatch(fixture.cluster, trainingRuns, { namespace: fixture.namespace });
      const seen = await watch.readUntil(isSynced);
      expect(seen.map(summary).sort()).toEqual(['added a', 'added b', 'synced']);
    });

    it('says that it is in step also where there is nothing', async () => {
      await using watch = startWatch(fixture.cluster, trainingRuns, { namespace: fixture.namespace });
      expect((await watch.readUntil(isSynced)).map(summary)).toEqual(['synced']);
    });

    it('tells of every change in the order in which they were made', async () => {
      await using watch = startWatch(fixture.cluster, trainingRuns, { namespace: fixture.namespace });
      await watch.readUntil(isSynced);
      await createRun();
      for (let attempt = 1; attempt <= 20; attempt += 1)
        await fixture.cluster.patchStatus(trainingRuns, key('run'), { status: { attempt } });
      await fixture.cluster.delete(trainingRuns, key('run'));
      const seen = await watch.readUntil(isAbout('deleted run'));
      expect(seen.map(({ type }) => type)).toEqual([
        'added',
        ...Array<string>(20).fill('modified'),
        'deleted',
      ]);
      const objects = seen.flatMap((event) => (event.type === 'synced' ? [] : [event.object]));
      expect(objects.map(({ status }) => status?.attempt)).toEqual([
        undefined,
        ...Array.from({ length: 20 }, (_, index) => index + 1),
        20,
      ]);
      const versions = objects.map((object) => Number(versionOf(object)));
      expect(versions).toEqual([...new Set(versions)].sort((a, b) => a - b));
    });

    it('misses nothing between what is there and what changes', async () => {
      const writing = (async () => {
        for (let index = 0; index < 20; index += 1) await createPod(`pod-${index}`);
      })();
      await using watch = startWatch(fixture.cluster, pods, { namespace: fixture.namespace });
      const names = new Set<string>();
      await watch.readUntil((event) => {
        if (event.type === 'added') names.add(event.object.metadata.name);
        return names.size === 20;
      });
      await writing;
      expect(names.size).toBe(20);
    });

    it('tells an object that was made again from the one that it replaces', async () => {
      const first = await createRun();
      await using watch = startWatch(fixture.cluster, trainingRuns, { namespace: fixture.namespace });
      await watch.readUntil(isSynced);
      await fixture.cluster.delete(trainingRuns, key('run'));
      const second = await createRun();
      const seen = await watch.readUntil(isAbout('added run'));
      expect(seen.map(summary)).toEqual(['deleted run', 'added run']);
      expect(seen.map((event) => (event.type === 'synced' ? '' : event.object.metadata.uid))).toEqual([
        first.metadata.uid,
        second.metadata.uid,
      ]);
    });

    it('keeps to its namespace and labels', async () => {
      const elsewhere = await fixture.newNamespace();
      await using watch = startWatch(fixture.cluster, pods, {
        namespace: fixture.namespace,
        labels: { app: 'trainer' },
      });
      await watch.readUntil(isSynced);
      await createPod('unlabelled');
      await fixture.cluster.create(
        pods,
        pod({ namespace: elsewhere, name: 'elsewhere', labels: { app: 'trainer' } }),
      );
      await createPod('mine', {}, { labels: { app: 'trainer' } });
      expect((await watch.readUntil(() => true)).map(summary)).toEqual(['added mine']);
    });

    it('sees an object come and go as its labels change', async () => {
      await createPod('pod', {}, { labels: { app: 'other' } });
      await using watch = startWatch(fixture.cluster, pods, {
        namespace: fixture.namespace,
        labels: { app: 'trainer' },
      });
      await watch.readUntil(isSynced);
      await fixture.cluster.patch(pods, key('pod'), { metadata: { labels: { app: 'trainer' } } });
      await fixture.cluster.patch(pods, key('pod'), { metadata: { labels: { app: 'other' } } });
      const seen = await watch.readUntil(isAbout('deleted pod'));
      expect(seen.map(summary)).toEqual(['added pod', 'deleted pod']);
    });

    it('shows a pod that is going before it is gone', async () => {
      await createPod('pod', { nodeName: 'some-node' });
      await using watch = startWatch(fixture.cluster, pods, { namespace: fixture.namespace });
      await watch.readUntil(isSynced);
      await fixture.cluster.delete(pods, key('pod'));
      const marked = (await watch.readUntil(isAbout('modified pod'))).at(-1);
      expect(marked?.type === 'modified' && marked.object.metadata.deletionTimestamp).toBeTruthy();
      await fixture.cluster.delete(pods, key('pod'), { gracePeriodSeconds: 0 });
      await watch.readUntil(isAbout('deleted pod'));
    });

    it('tells every watcher the same', async () => {
      await using first = startWatch(fixture.cluster, trainingRuns, { namespace: fixture.namespace });
      await using second = startWatch(fixture.cluster, trainingRuns, { namespace: fixture.namespace });
      await Promise.all([first.readUntil(isSynced), second.readUntil(isSynced)]);
      await createRun('a');
      await createRun('b');
      const seen = await Promise.all([first, second].map((watch) => watch.readUntil(isAbout('added b'))));
      expect(seen[0]).toEqual(seen[1]);
    });

    it('shows objects as they were written, whatever the writer does with its copy', async () => {
      await using watch = startWatch(fixture.cluster, trainingRuns, { namespace: fixture.namespace });
      await watch.readUntil(isSynced);
      const mine = await createRun();
      mine.spec.suspend = true;
      const [event] = await watch.readUntil(isAbout('added run'));
      expect(event?.type === 'added' && event.object.spec.suspend).toBe(false);
    });

    it('ends without an error when it is aborted', async () => {
      const stop = new AbortController();
      const seen: string[] = [];
      for await (const event of fixture.cluster.watch(
        trainingRuns,
        { namespace: fixture.namespace },
        stop.signal,
      )) {
        seen.push(event.type);
        stop.abort();
      }
      expect(seen).toEqual(['synced']);
    });
  });
}
