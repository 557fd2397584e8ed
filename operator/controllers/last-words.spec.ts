import { describe, expect, it } from 'vitest';
import { aCheckpoint, aFinishedPod, aRun, deleted, startMs } from '../plan/testing/fixtures.ts';
import { LastWords } from './last-words.ts';

const key = 'vision/digits';
const run = aRun();
const source = { runUid: run.metadata.uid ?? '', attempt: 2 };
const spoken = (attempt: number, step: number) =>
  deleted(
    aFinishedPod(run, attempt, 0, { lastWords: { reason: 'Terminated', checkpoint: aCheckpoint(step) } }),
    startMs,
  );
const steps = (lastWords: LastWords) => lastWords.of(key, source).map(({ checkpoint }) => checkpoint?.step);

describe('the last words of trainers that were told to stop', () => {
  it('are remembered of the newest attempt, each pod once', () => {
    const lastWords = new LastWords();
    for (const pod of [spoken(1, 10), spoken(2, 50), spoken(2, 50), spoken(1, 20)]) lastWords.note(key, pod);
    expect(steps(lastWords)).toEqual([50]);
  });

  it('are not those of a run of the same name that was deleted', () => {
    const lastWords = new LastWords();
    lastWords.note(key, spoken(2, 50));
    expect(lastWords.of(key, { ...source, runUid: 'another' })).toEqual([]);
  });

  it('are not kept of pods that stay, for those can be read', () => {
    const lastWords = new LastWords();
    lastWords.note(key, aFinishedPod(run, 2, 0, { lastWords: { reason: 'Terminated' } }));
    expect(lastWords.of(key, source)).toEqual([]);
  });

  it('are forgotten with the run', () => {
    const lastWords = new LastWords();
    lastWords.note(key, spoken(2, 50));
    lastWords.forget(key);
    expect(steps(lastWords)).toEqual([]);
  });
});
