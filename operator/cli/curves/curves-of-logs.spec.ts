import { describe, expect, it } from 'vitest';
import { testRun } from '../display/test-run.ts';
import { parseLogLine } from '../logs/log-line.ts';
import type { LogSource, PodLog } from '../logs/log-source.ts';
import { curvesOfLogs, joinCurves } from './curves-of-logs.ts';

const moment = Date.parse('2026-01-01T00:00:00Z');
const summary = (epoch: number, trainLoss: number) => ({ epoch, trainLoss, learningRate: 0.1 });
const told = (epoch: number, trainLoss: number) =>
  JSON.stringify({ level: 'info', rank: 0, ...summary(epoch, trainLoss), msg: `epoch ${epoch}` });

function pod(attempt: number, podIndex: number, ...texts: readonly string[]): PodLog {
  const origin = { pod: `digits-${attempt}-${podIndex}`, attempt, podIndex };
  return {
    ...origin,
    // eslint-disable-next-line @typescript-eslint/require-await -- lines that are there already
    async *lines() {
      for (const text of texts) yield parseLogLine(text, origin, moment, moment);
    },
  };
}

function sourceOf(...pods: readonly PodLog[]): LogSource {
  return {
    list: () => Promise.resolve([...pods]),
    follow: () => {
      throw new Error('nothing is to be followed');
    },
  };
}

describe('the curves in the logs of a run', () => {
  it('are the epochs that pod 0 of each attempt told; where one was trained again the later word counts', async () => {
    const source = sourceOf(
      pod(2, 0, told(2, 0.5), told(3, 0.3)),
      pod(1, 0, '{"level":"info","msg":"training starts","step":0}', told(1, 1), told(2, 0.6), 'not ours'),
      pod(1, 1, told(1, 9)),
    );
    expect(await curvesOfLogs(source)).toEqual([summary(1, 1), summary(2, 0.5), summary(3, 0.3)]);
  });

  it('are not those of an earlier run of the same name', async () => {
    const run = testRun();
    const made = (creationTimestamp: string) => ({
      ...run,
      metadata: { ...run.metadata, creationTimestamp },
    });
    const source = sourceOf(pod(1, 0, told(1, 1)));
    expect(await curvesOfLogs(source, made('2026-01-01T00:00:01Z'))).toEqual([]);
    expect(await curvesOfLogs(source, made('2025-12-31T23:59:59Z'))).toHaveLength(1);
  });

  it('go on where those of a checkpoint end', () => {
    expect(joinCurves([summary(1, 1), summary(2, 0.6)], [summary(2, 0.5), summary(3, 0.3)])).toEqual([
      ...[summary(1, 1), summary(2, 0.5), summary(3, 0.3)],
    ]);
  });
});
