import { describe, expect, it } from 'vitest';
import { aCheckpoint, aFinishedPod, aProgressDocument, aRun } from './testing/fixtures.ts';
import { after, condition, gangOf, plan, running } from './testing/plans.ts';

const damaged = {
  uri: '/checkpoints/step-200',
  why: 'model.safetensors has 5 bytes, but its manifest says 9',
};

/** The second attempt of a run whose newest known checkpoint is that of step 200. */
function restarted() {
  const first = running();
  const saved = plan(first, gangOf(first), {
    progress: aProgressDocument(250, { checkpoint: aCheckpoint(200) }),
  });
  const status = { ...saved.status, attempt: 2, attemptFromStep: 200 };
  return aRun({}, status);
}

const fallback = aProgressDocument(100, {
  attempt: 2,
  checkpoint: aCheckpoint(100),
  start: { fromStep: 100, skipped: [damaged] },
});

describe('an attempt that could not continue from the newest checkpoint', () => {
  const run = restarted();
  const pods = gangOf(run, 2);

  it('is told with an event that names the checkpoint and why, once', () => {
    const { announcements, status } = plan(run, pods, { progress: fallback });
    expect(announcements).toEqual([
      {
        type: 'Warning',
        reason: 'CheckpointSkipped',
        message:
          'Attempt 2 continued from step 100. It could not continue from /checkpoints/step-200: model.safetensors has 5 bytes, but its manifest says 9',
      },
    ]);
    expect(plan({ ...run, status }, pods, { progress: fallback }).announcements).toEqual([]);
  });

  it('has its true beginning and the older checkpoint in its status, and says so in the condition', () => {
    const { status } = plan(run, pods, { progress: fallback });
    expect(status).toMatchObject({
      attemptFromStep: 100,
      checkpoint: { step: 100 },
      skippedCheckpoints: [damaged],
    });
    expect(condition(status, 'CheckpointReady')).toMatchObject({
      status: 'True',
      reason: 'CheckpointSkipped',
      message: `Attempt 2 continued from step 100. Skipped: ${damaged.uri}: ${damaged.why}`,
    });
  });

  it('is as any other once it has saved that step again', () => {
    const { status } = plan(run, pods, { progress: fallback });
    const progress = { ...fallback, checkpoint: aCheckpoint(200) };
    const later = plan({ ...run, status }, pods, { progress }).status;
    expect(later.checkpoint).toMatchObject({ step: 200 });
    expect(condition(later, 'CheckpointReady')).toMatchObject({ status: 'True', reason: 'CheckpointSaved' });
  });

  it('has no checkpoint if there was no other', () => {
    const { status } = plan(run, pods, {
      progress: aProgressDocument(1, { attempt: 2, start: { skipped: [damaged] } }),
    });
    expect(status).not.toHaveProperty('checkpoint');
    expect(status).not.toHaveProperty('attemptFromStep');
    expect(condition(status, 'CheckpointReady')).toMatchObject({
      status: 'False',
      reason: 'CheckpointSkipped',
      message: expect.stringContaining('Attempt 2 began at the beginning.') as string,
    });
  });

  it('is told also when it ended before anybody asked', () => {
    const ended = aFinishedPod(run, 2, 0, {
      lastWords: { reason: 'Internal', start: { fromStep: 100, skipped: [damaged] } },
    });
    const { announcements } = plan(run, [ended, ...gangOf(run, 2).slice(1)]);
    expect(announcements.map(({ reason }) => reason)).toEqual(['CheckpointSkipped', 'RestartScheduled']);
  });

  it('leaves nothing of it to the next attempt', () => {
    const { status } = plan(run, pods, { progress: fallback });
    const failed = after(
      { ...run, status },
      { pods: [aFinishedPod(run, 2, 0, { exitCode: 70 })] },
      { atMs: Date.parse('2026-01-01T01:00:00Z') },
    );
    expect(failed.status).toMatchObject({ phase: 'Starting', attempt: 3, attemptFromStep: 100 });
    expect(failed.status).not.toHaveProperty('skippedCheckpoints');
  });
});
