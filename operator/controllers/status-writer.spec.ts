import { describe, expect, it } from 'vitest';
import type { TrainingRun } from '../api/v1alpha1/training-run.ts';
import { ManualClock } from '../base/testing/manual-clock.ts';
import type { Cluster, Preconditions } from '../cluster/cluster.ts';
import { gangOf, plan, running } from '../plan/testing/plans.ts';
import { aRunningPod } from '../plan/testing/fixtures.ts';
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

  it('writes figures alone at most once in five seconds, whoever wrote meanwhile', async () => {
    const { writer, written, clock } = open();
    const { status } = plan(run, gangOf(run));
    const counted = { ...status, trainers: { desired: 2, ready: 1, failed: 0, selector: '' } };
    expect(await writer.write(run, counted)).toMatchObject({ outcome: 'written' });
    expect(await writer.write(run, counted)).toEqual({ outcome: 'postponed', waitMs: 5_000 });
    await clock.advance(5_000);
    expect(await writer.write(run, counted)).toMatchObject({ outcome: 'written' });
    expect(written.map((preconditions) => preconditions?.resourceVersion)).toEqual([undefined, undefined]);
  });
});
