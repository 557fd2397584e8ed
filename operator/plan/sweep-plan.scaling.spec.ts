import { describe, expect, it } from 'vitest';
import { searchManifest } from '../api/v1alpha1/testing/sweep-manifests.ts';
import { toTimestamp } from '../base/clock.ts';
import { byRate, SweepModel } from './testing/sweep-model.ts';

describe('the autoscaling of a sweep', () => {
  const scaling = {
    max: 16,
    startWithin: '2m',
    giveBackAfter: '5m',
    retryAfter: '10m',
    minimumUsefulTime: '3m',
  };

  it('grows to what the cluster takes, says what limits it, and loses no trial', () => {
    const model = new SweepModel(searchManifest({ maxTrials: 24, autoscaling: scaling }), byRate);
    model.capacity = 5;
    const limits = new Set<string>();
    let most = 0;
    for (let round = 0; round < 400 && model.status.phase !== 'Succeeded'; round += 1) {
      model.act();
      limits.add(model.status.limitedBy ?? '');
      most = Math.max(most, model.runs.filter(({ status }) => status?.phase === 'Running').length);
      model.trainEpoch();
    }
    expect(model.status.counts?.succeeded).toBe(24);
    expect(model.created.length).toBe(24);
    expect(most).toBe(5);
    expect(limits).toContain('NoCapacity');
  });

  it('suspends no trial before it has run for its minimum useful time', () => {
    const minimumUsefulTime = '5m';
    const manifest = searchManifest({ maxTrials: 24, autoscaling: { ...scaling, minimumUsefulTime } });
    const model = new SweepModel(manifest, byRate);
    const beganAtMs = new Map<number, number>();
    for (let round = 0; round < 12; round += 1) {
      if (round === 3) model.change({ parallelism: 1 });
      const before = model.rows;
      model.act();
      for (const { index, phase, reason } of model.rows) {
        const was = before[index]?.phase;
        if (phase === 'Active' && was !== 'Active') beganAtMs.set(index, model.nowMs);
        if (reason === 'Shrunk' && was === 'Active')
          expect(model.nowMs - (beganAtMs.get(index) ?? Infinity)).toBeGreaterThanOrEqual(5 * 60_000);
      }
      if (round === 3) expect(model.status).toMatchObject({ target: 1, active: 4 });
      model.trainEpoch();
    }
    expect(model.status.active).toBe(1);
    expect(model.rows.some(({ reason }) => reason === 'Shrunk')).toBe(true);
  });

  const quotaExceeded = {
    type: 'Running',
    status: 'False' as const,
    reason: 'QuotaExceeded',
    message: '',
    lastTransitionTime: '2026-01-01T00:00:00Z',
  };

  it.each<[string, SweepModel['waiting']]>([
    ['is queued', { phase: 'Queued' }],
    ['gets no pods', { phase: 'Starting', conditions: [quotaExceeded] }],
  ])('says that it is quota, not room, when what waits %s', (_, waiting) => {
    const model = new SweepModel(searchManifest({ maxTrials: 24, autoscaling: scaling }), byRate);
    model.capacity = 1;
    model.waiting = waiting;
    for (let round = 0; round < 4; round += 1) {
      model.act();
      model.trainEpoch();
    }
    model.act();
    expect(model.status).toMatchObject({ active: 2, limitedBy: 'Quota' });
  });

  it('does not give a trial up at once that lost its place in the queue after it had run for long', () => {
    const model = new SweepModel(searchManifest({ maxTrials: 24, autoscaling: scaling }), byRate);
    for (let round = 0; round < 4; round += 1) {
      model.act();
      // Together longer than giveBackAfter.
      model.trainEpoch(120_000);
    }
    const trials = model.rows.filter(({ phase }) => phase === 'Active');
    const [first] = trials;
    if (first === undefined) throw new Error('no trial runs');
    const reportLost = (phase: 'Suspending' | 'Queued', reason: string) => {
      const message = 'It lost its place in LocalQueue team.';
      model.report(first.index, {
        phase,
        conditions: [{ type: 'Admitted', status: 'False', reason, message, lastTransitionTime: evictedAt }],
      });
      model.act();
    };
    const evictedAt = toTimestamp(model.nowMs);
    // Its pods save and end before it queues.
    reportLost('Suspending', 'QueueEvicted');
    expect(model.rows[first.index]?.phase).toBe('Active');
    model.nowMs += 30_000;
    reportLost('Queued', 'WaitsForAdmission');
    expect(model.rows[first.index]?.phase).toBe('Active');
    // Longer than giveBackAfter.
    model.nowMs += 3_600_000;
    model.act();
    expect(model.rows.filter(({ reason }) => reason === 'Shrunk')).toHaveLength(1);
    expect(model.status.limitedBy).toBe('Quota');
  });

  it('stays below what an autoscaler outside says', () => {
    const model = new SweepModel(searchManifest({ autoscaling: scaling, parallelism: 2 }), byRate);
    for (let round = 0; round < 4; round += 1) {
      model.act();
      model.trainEpoch();
    }
    expect(model.status).toMatchObject({ active: 2, limitedBy: 'ExternalScale' });
  });
});
