import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../operator/base/clock.ts';
import { createLogger } from '../../operator/base/logging.ts';
import { resourceTypes } from '../../operator/cluster/cluster.ts';
import {
  openEmbeddedCluster,
  type EmbeddedCluster,
} from '../../operator/cluster/embedded/embedded-cluster.ts';
import { eventOf, ownedBy, pod, refusalOf, startWatch, trainingRun } from '../contract/contract-world.ts';

const { pods, trainingRuns, events } = resourceTypes;
const namespace = 'tests';
const writer = new URL('embedded-writer.ts', import.meta.url).pathname;

let folder: string;
let cluster: EmbeddedCluster | undefined;

const open = async () => {
  cluster = await openEmbeddedCluster({ folder, clock: systemClock, log: createLogger('silent') });
  return cluster;
};

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'ringmaster-embedded-'));
});

afterEach(() => {
  cluster?.close();
  cluster = undefined;
  rmSync(folder, { recursive: true });
});

/** Starts a process that writes until it is killed with -9 after some lines, in the middle of whatever it does then. */
async function acknowledgedBefore(round: number, lines: number): Promise<Map<string, number>> {
  const child = spawn(process.execPath, [writer, folder, String(round)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const acknowledged = new Map<string, number>();
  let count = 0;
  const exited = once(child, 'exit');
  for await (const line of createInterface({ input: child.stdout })) {
    const [name = '', message = ''] = line.split(' ');
    acknowledged.set(name, Number(message));
    count += 1;
    if (count === lines) child.kill('SIGKILL');
  }
  await exited;
  return acknowledged;
}

describe('the state on disk', () => {
  it('holds everything that was acknowledged before a kill at any moment', async () => {
    const acknowledged = new Map<string, number>();
    for (let round = 0; round < 6; round += 1) {
      for (const [name, count] of await acknowledgedBefore(round, 5 + round * 7))
        acknowledged.set(name, count);
      const reopened = await open();
      const found = new Map(
        (await reopened.list(pods)).map(({ metadata, status }) => [
          metadata.name,
          Number(status?.message ?? 0),
        ]),
      );
      for (const [name, count] of acknowledged) expect(found.get(name)).toBeGreaterThanOrEqual(count);
      reopened.close();
    }
    expect(acknowledged.size).toBeGreaterThan(20);
  });

  it('is the same after it was closed and opened, and its versions go on', async () => {
    const before = await open();
    const run = await before.create(trainingRuns, trainingRun({ namespace, name: 'run' }));
    await before.create(pods, pod({ namespace, name: 'gone' }));
    await before.delete(pods, { namespace, name: 'gone' });
    before.close();
    const after = await open();
    expect(await after.list(trainingRuns)).toEqual([run]);
    const next = await after.create(pods, pod({ namespace, name: 'next' }));
    expect(Number(next.metadata.resourceVersion)).toBeGreaterThan(Number(run.metadata.resourceVersion) + 2);
  });

  it('is rid of the children of an owner that went just before the process ended', async () => {
    const before = await open();
    const run = await before.create(trainingRuns, trainingRun({ namespace, name: 'run' }));
    await before.create(pods, pod({ namespace, name: 'child', ownerReferences: [ownedBy(run)] }));
    await before.delete(trainingRuns, { namespace, name: 'run' });
    before.close(); // In the turn of the deletion: its garbage collection has not begun.
    const after = await open();
    await using watch = startWatch(after, pods, { namespace });
    await watch.readUntil((event) => event.type === 'deleted');
    expect(await after.list(pods)).toEqual([]);
  });

  it('keeps the newest thousand events', async () => {
    const world = await open();
    const about = await world.create(pods, pod({ namespace, name: 'pod' }));
    for (let index = 0; index < 1010; index += 1)
      await world.create(
        events,
        eventOf(about, { namespace, name: `event-${String(index).padStart(4, '0')}` }),
      );
    const kept = (await world.list(events)).map(({ metadata }) => metadata.name);
    expect(kept).toHaveLength(1000);
    expect(kept[0]).toBe('event-0010');
    expect(kept.at(-1)).toBe('event-1009');
  });
});

describe('a state folder', () => {
  it('is refused to a second process, which is told who has it and what to do', async () => {
    const child = spawn(process.execPath, [writer, folder, '0'], { stdio: ['ignore', 'pipe', 'inherit'] });
    await once(child.stdout, 'data');
    try {
      await expect(open()).rejects.toMatchObject({
        reason: 'StateLocked',
        message: `the state folder ${folder} is in use by process ${child.pid}; wait for it to end, stop it (kill ${child.pid}), or choose another folder`,
      });
    } finally {
      child.kill('SIGKILL');
      await once(child, 'exit');
    }
  });

  it('is refused to a second user in the same process', async () => {
    await open();
    const second = openEmbeddedCluster({ folder, clock: systemClock, log: createLogger('silent') });
    await expect(second).rejects.toMatchObject({ reason: 'StateLocked' });
  });

  it('is free again when its holder has closed it or died', async () => {
    await acknowledgedBefore(0, 1);
    (await open()).close();
    await open();
  });
});

describe('a cluster that is closed', () => {
  it('refuses calls and ends watches, saying why', async () => {
    const world = await open();
    const watch = startWatch(world, pods, {});
    await watch.readUntil((event) => event.type === 'synced');
    const next = refusalOf(watch.readUntil(() => true));
    world.close();
    expect((await next).reason).toBe('Unavailable');
    expect((await refusalOf(world.list(pods))).message).toContain('the embedded cluster is closed');
  });
});
