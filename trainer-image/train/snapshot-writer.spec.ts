import { describe, expect, it } from 'vitest';
import { createLogger } from '../../operator/base/logging.ts';
import { createSnapshotWriter, type Snapshot } from './snapshot-writer.ts';

/** A writer whose snapshots are written when `finishWriting` is called, and what happened to it. */
function writerOn() {
  const events: string[] = [];
  const written: Snapshot[] = [];
  const stalls: number[] = [];
  let pending: PromiseWithResolvers<undefined>[] = [];
  const writer = createSnapshotWriter({
    replica: {
      snapshot: () => {
        events.push('copy');
        return Promise.resolve([]);
      },
    },
    scratchFolder: '/scratch',
    best: { step: 1, top1: 0.5 },
    write: (_, snapshot) => {
      written.push(snapshot);
      const writing = Promise.withResolvers<undefined>();
      pending.push(writing);
      return writing.promise.then(() => undefined);
    },
    announce: ({ folder, stallSeconds }) => {
      events.push(folder);
      stalls.push(stallSeconds);
    },
    onFailure: (error) => events.push(String(error)),
    clock: { now: () => 5000, monotonicMs: () => 5000, sleep: () => Promise.resolve() },
    log: createLogger('silent'),
  });
  const settle = () => new Promise((resolve) => setImmediate(resolve));
  const finishWriting = async (error?: Error) => {
    for (const { resolve, reject } of pending) {
      if (error === undefined) resolve(undefined);
      else reject(error);
    }
    pending = [];
    await settle();
  };
  return {
    ...{ writer, events, written, stalls, settle, finishWriting },
    save: (step: number, mustSave: boolean, top1?: number) =>
      writer.save({
        position: { step, history: [], trainSeconds: 0 },
        mustSave,
        stalledSinceMs: 4750,
        ...(top1 === undefined ? {} : { top1 }),
      }),
  };
}

describe('the snapshot writer', () => {
  it('lets training go on while it writes, and announces what is written', async () => {
    const { save, events, finishWriting } = writerOn();
    await save(10, false);
    expect(events).toEqual(['copy']);
    await finishWriting();
    expect(events).toEqual(['copy', '/scratch/step-10']);
  });

  it('says how long training stood still', async () => {
    const { save, stalls, finishWriting } = writerOn();
    await save(10, false);
    await finishWriting();
    expect(stalls).toEqual([0.25]);
  });

  it('leaves a snapshot out while the one before is not taken over', async () => {
    const { writer, save, events, finishWriting } = writerOn();
    await save(10, false);
    await finishWriting();
    await save(20, false);
    expect(events).toEqual(['copy', '/scratch/step-10']);
    writer.acknowledge(10);
    await save(30, false);
    await finishWriting();
    expect(events.slice(2)).toEqual(['copy', '/scratch/step-30']);
  });

  it('waits with one that must be saved, and until it is written', async () => {
    const { writer, save, events, finishWriting, settle } = writerOn();
    await save(10, false);
    let saved = false;
    const saving = save(12, true).then(() => (saved = true));
    await finishWriting();
    expect(events).toEqual(['copy', '/scratch/step-10']);
    writer.acknowledge(10);
    await settle();
    expect(saved).toBe(false);
    await finishWriting();
    await saving;
    expect(events.at(-1)).toBe('/scratch/step-12');
  });

  it('marks the best only where it was evaluated and better than before', async () => {
    const { writer, save, written, finishWriting } = writerOn();
    for (const [step, top1] of [
      [2, 0.4],
      [3, 0.6],
      [4, undefined],
    ] as const) {
      await save(step, false, top1);
      await finishWriting();
      writer.acknowledge(step);
    }
    expect(written.map(({ position }) => position.best?.step)).toEqual([1, 3, 3]);
  });

  it('reports a failure to write, to whoever waits or else to its owner', async () => {
    const background = writerOn();
    await background.save(10, false);
    await background.finishWriting(new Error('disk full'));
    expect(background.events).toEqual(['copy', 'Error: disk full']);
    const awaited = writerOn();
    const saving = awaited.save(10, true);
    await awaited.settle();
    const failure = expect(saving).rejects.toThrow('disk full');
    await awaited.finishWriting(new Error('disk full'));
    await failure;
  });
});
