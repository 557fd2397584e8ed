import { describe, expect, it } from 'vitest';
import type { TrainingRun } from '../api/v1alpha1/training-run.ts';
import { ManualClock } from '../base/testing/manual-clock.ts';
import type { Cluster, Preconditions } from '../cluster/cluster.ts';
import { gangOf, plan, running } from '../plan/testing/plans.ts';
import { aCheckpoint, aRunningPod } from '../plan/testing/fixtures.ts';
import { StatusWriter } from './status-writer.ts';

function open() {
  const clock = new ManualClock();
  const written: (Preconditions | undefined)[] = [];
  const cluster: Pick<Cluster, 'patchStatus'> = {
    patchStatus: (_, __, ___, preconditions) => {
      written.push(preconditions);
      return Promise.resolve(run as never);
    },
  };
  return { clock, written, writer: new StatusWriter(cluster, clock, 5_000) };
}

const run: TrainingRun = { ...running(), metadata: { ...running().metadata, resourceVersion: '7' } };

describe('writing a status', () => {
  it('asks for nothing when nothing changed', async () => {
    const { writer, written } = open();
    expect(await writer.write(run, run.status ?? {})).toEqual({ outcome: 'unchanged' });
    expect(written).toEqual([]);
  });

  it('writes a decision at once, on the condition that nobody wrote meanwhile', async () => {
    const { writer, written } = open();
    const { status } = plan(run, [aRunningPod(run, 1, 0)]);
    for (const times of [1, 2]) {
      expect(await writer.write(run, status)).toMatchObject({ outcome: 'written' });
      expect(written).toHaveLength(times);
    }
    expect(written[0]).toMatchObject({ resourceVersion: '7' });
  });

  const { status } = plan(run, gangOf(run));
  const counting = (ready: number) => ({
    ...status,
    trainers: { desired: 2, ready, failed: 0, selector: '' },
  });
  const savedAt = (step: number) => ({ ...status, checkpoint: aCheckpoint(step) });

  it('writes what was saved alone at most once in five seconds, whoever wrote meanwhile', async () => {
    const { writer, written, clock } = open();
    expect(await writer.write(run, savedAt(1))).toMatchObject({ outcome: 'written' });
    expect(await writer.write(run, savedAt(2))).toEqual({ outcome: 'postponed', waitMs: 5_000 });
    await clock.advance(5_000);
    expect(await writer.write(run, savedAt(2))).toMatchObject({ outcome: 'written' });
    expect(written.map((preconditions) => preconditions?.resourceVersion)).toEqual([undefined, undefined]);
  });

  it('lets counts of pods wait for a second, in case a decision takes them along', async () => {
    const { writer, written, clock } = open();
    expect(await writer.write(run, counting(0))).toEqual({ outcome: 'postponed', waitMs: 1_000 });
    await clock.advance(400);
    expect(await writer.write(run, counting(1))).toEqual({ outcome: 'postponed', waitMs: 600 });
    const decided = plan(run, [aRunningPod(run, 1, 0)]).status;
    expect(await writer.write(run, decided)).toMatchObject({ outcome: 'written' });
    await clock.advance(5_000);
    expect(await writer.write(run, counting(1))).toEqual({ outcome: 'postponed', waitMs: 1_000 });
    await clock.advance(1_000);
    expect(await writer.write(run, counting(1))).toMatchObject({ outcome: 'written' });
    expect(written).toHaveLength(2);
  });
});
