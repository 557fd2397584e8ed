import { logLevelVariable } from '../operator/api/trainer/environment.ts';
import { systemClock } from '../operator/base/clock.ts';
import { createLogger, logLevelOf } from '../operator/base/logging.ts';
import { toFailure } from './train/failure.ts';
import type { FromRank, ToRank } from './train/rank-protocol.ts';
import { startRankSession, type RankSession } from './train/rank-session.ts';

/**
 * The program of a rank process. It does what its supervisor says over the IPC channel and keeps nothing that must
 * be saved, so that it can be ended at any moment, which is also how it ends: by its supervisor, or with it.
 */
const level = logLevelOf(process.env[logLevelVariable]);
const log = createLogger(level, { component: 'rank' });
let session: RankSession | undefined;
let step: number | undefined;

// A supervisor that is gone, even by SIGKILL, closes the channel. SIGKILL to itself, because a step may be running in
// TensorFlow's threads, which an orderly exit would wait for.
process.on('disconnect', () => {
  process.kill(process.pid, 'SIGKILL');
});
// Signals to the process group are the supervisor's to act on: it asks all ranks to stop after the same step.
process.on('SIGTERM', () => undefined);
process.on('SIGINT', () => undefined);
process.on('uncaughtException', fail);
process.on('unhandledRejection', fail);

process.on('message', (message: ToRank) => {
  switch (message.type) {
    case 'start':
      begin(message);
      break;
    case 'stop':
      session?.stop();
      break;
    case 'fetched':
      session?.answer(message);
      break;
    case 'saved':
      session?.acknowledge(message.step);
      break;
  }
});
send({ type: 'ready' });

function begin({ assignment }: Extract<ToRank, { type: 'start' }>): void {
  session = startRankSession({
    assignment,
    send,
    onFailure: fail,
    residentMemoryBytes: () => process.memoryUsage.rss(),
    clock: systemClock,
    // What all ranks have in common is said once.
    log: log.child(
      { run: assignment.run, attempt: assignment.attempt, rank: assignment.rank },
      { level: assignment.rank === 0 ? level : 'warn' },
    ),
  });
  session.ended.then(send, fail);
}

function send(message: FromRank): void {
  if (message.type === 'progress') step = message.step;
  process.send?.(message);
}

function fail(error: unknown): void {
  log.debug({ err: error }, 'this rank failed');
  send({ type: 'failed', ...toFailure(error, step) });
}
