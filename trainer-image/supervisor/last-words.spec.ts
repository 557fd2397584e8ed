import { describe, expect, it } from 'vitest';
import { lastWordsOf } from './last-words.ts';
import { createProgressBoard } from './progress-board.ts';

const checkpoint = { step: 40, epoch: 2, uri: '/runs/step-40', savedAt: '2026-01-01T00:00:00Z' };
const progress = {
  epoch: 2.1,
  epochs: 3,
  step: 42,
  steps: 60,
  percent: 70,
  updatedAt: '2026-01-01T00:00:00Z',
};

/** A board after 42 steps, the checkpoint of step 40 saved. */
function boardInTraining() {
  const board = createProgressBoard('u1', 2);
  board.noteProgress({
    type: 'progress',
    state: 'Training',
    step: 42,
    lastStepAtMs: 7,
    progress,
    history: [],
  });
  board.noteCheckpoint(checkpoint);
  return board;
}

describe('the last words of a pod', () => {
  it('hold the result, and what the last question about progress would have been told', () => {
    const result = { top1: 0.9106, top5: 0.9971, epochs: 6, trainSeconds: 125, uri: '/runs/step-40' };
    expect(lastWordsOf({ how: 'finished', result }, boardInTraining())).toEqual({
      ...{ reason: 'Completed', message: 'Trained 6 epochs in 2 min 05 s: top-1 91.06 %, top-5 99.71 %.' },
      ...{ step: 42, checkpoint, progress, result },
    });
  });

  it('say which checkpoints the attempt could not continue from', () => {
    const start = { fromStep: 20, skipped: [{ uri: '/runs/step-40', why: 'it was never finished' }] };
    const board = createProgressBoard('u1', 2);
    board.noteStart(start);
    expect(board.document()).toMatchObject({ start });
    expect(lastWordsOf({ how: 'stopped' }, board)).toMatchObject({ start });
  });

  it('say how far a stop got and where training will continue', () => {
    expect(lastWordsOf({ how: 'stopped', step: 42 }, boardInTraining())).toMatchObject({
      reason: 'Terminated',
      message: 'Told to stop and did after step 42. The checkpoint is at step 40.',
    });
    expect(lastWordsOf({ how: 'stopped' }, createProgressBoard('u1', 2))).toEqual({
      reason: 'Terminated',
      message: 'Told to stop and did before the first step.',
    });
  });

  it('name the failing rank, and its own step rather than the last reported', () => {
    const verdict = { reason: 'Diverged' as const, message: 'NaN', rank: 1, exitCode: 66, step: 43 };
    expect(lastWordsOf({ how: 'failed', verdict }, boardInTraining())).toMatchObject({
      ...verdict,
      checkpoint,
    });
  });
});

describe('the progress board', () => {
  it('keeps what a message leaves out', () => {
    const board = boardInTraining();
    board.noteProgress({ type: 'progress', state: 'Evaluating', step: 42 });
    expect(board.document()).toMatchObject({ state: 'Evaluating', lastStepAtMs: 7, progress, checkpoint });
  });

  it('stays Stopping while a rank still finishes its step', () => {
    const board = boardInTraining();
    board.noteStopping();
    board.noteProgress({ type: 'progress', state: 'Training', step: 43, lastStepAtMs: 9 });
    expect(board.document()).toMatchObject({ state: 'Stopping', lastStepAtMs: 9 });
    expect(board.lastStep()).toBe(43);
  });
});
