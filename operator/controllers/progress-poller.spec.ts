import { describe, expect, it } from 'vitest';
import { createLogger } from '../base/logging.ts';
import type { ProgressDocument } from '../api/trainer/progress.ts';
import { aProgressDocument } from '../plan/testing/fixtures.ts';
import { ProgressPoller, type ProgressSource } from './progress-poller.ts';
import { ManualClock } from '../base/testing/manual-clock.ts';

const source: ProgressSource = { runUid: 'uid-1', attempt: 1, address: '10.0.0.1' };

function open() {
  const clock = new ManualClock();
  const questions: { answer: (document: ProgressDocument) => void; fail: () => void; signal: AbortSignal }[] =
    [];
  const news: string[] = [];
  const poller = new ProgressPoller({
    fetchProgress: (_address, signal) =>
      new Promise((resolve, reject) => {
        questions.push({ answer: resolve, fail: () => reject(new Error('refused')), signal });
      }),
    clock,
    log: createLogger('silent'),
    signal: new AbortController().signal,
    intervalMs: 1000,
    onNews: (key) => news.push(key),
  });
  return { clock, questions, news, poller };
}

describe('the progress poller', () => {
  it('asks once at a time and not again before the interval is over', async () => {
    const { poller, questions, clock, news } = open();
    poller.ask('a', source);
    poller.ask('a', source);
    expect(questions).toHaveLength(1);
    questions[0]?.answer(aProgressDocument(1));
    await clock.advance(999);
    poller.ask('a', source);
    expect(questions).toHaveLength(1);
    expect(news).toEqual(['a']);
    await clock.advance(1);
    poller.ask('a', source);
    expect(questions).toHaveLength(2);
  });

  it('calls nobody when nothing changed, and remembers when something last did', async () => {
    const { poller, questions, clock, news } = open();
    const beginMs = clock.now();
    for (const step of [1, 1, 2, 2]) {
      poller.ask('a', source);
      questions.at(-1)?.answer(aProgressDocument(step));
      await clock.advance(1000);
    }
    expect(news).toHaveLength(2);
    expect(poller.last('a', source)).toMatchObject({
      progress: { progress: { step: 2 } },
      lastAdvanceMs: beginMs + 2000,
    });
  });

  it('counts silence from the first question, and does not take a changed rate for progress', async () => {
    const { poller, questions, clock } = open();
    const beginMs = clock.now();
    poller.ask('a', source);
    questions[0]?.fail();
    await clock.advance(5000);
    expect(poller.last('a', source)).toEqual({ lastAdvanceMs: beginMs });
    poller.ask('a', source);
    const document = aProgressDocument(1);
    questions[1]?.answer(document);
    await clock.advance(1000);
    poller.ask('a', source);
    questions[2]?.answer({
      ...document,
      ...(document.progress && { progress: { ...document.progress, imagesPerSecond: 1 } }),
    });
    await clock.advance(1000);
    expect(poller.last('a', source).lastAdvanceMs).toBe(beginMs + 5000);
  });

  it('does not take a clock that is set for silence', async () => {
    const { poller, questions, clock } = open();
    poller.ask('a', source);
    questions[0]?.answer(aProgressDocument(1));
    await clock.advance(1000);
    clock.set(clock.now() + 3_600_000);
    expect(poller.last('a', source).lastAdvanceMs).toBe(clock.now() - 1000);
    poller.ask('a', source);
    clock.set(clock.now() - 7_200_000);
    await clock.advance(1000);
    questions[1]?.fail();
    await clock.advance(0);
    poller.ask('a', source);
    expect(questions).toHaveLength(3);
  });

  it('knows nothing of another attempt and drops what the old one still says', async () => {
    const { poller, questions, clock, news } = open();
    poller.ask('a', source);
    poller.ask('a', { ...source, attempt: 2 });
    expect(questions[0]?.signal.aborted).toBe(true);
    questions[0]?.answer(aProgressDocument(7));
    await clock.advance(0);
    expect(news).toEqual([]);
    expect(poller.last('a', source)).toEqual({});
    expect(poller.last('a', { ...source, attempt: 2 }).progress).toBeUndefined();
  });

  it('asks at most 64 trainers at once', () => {
    const { poller, questions } = open();
    for (let run = 0; run < 100; run += 1) poller.ask(`run-${run}`, { ...source, runUid: `uid-${run}` });
    expect(questions).toHaveLength(64);
  });
});
