import type { Clock } from '../../operator/base/clock.ts';
import type { Logger } from '../../operator/base/logging.ts';
import type { FromRank, RankAssignment, RankProgress, RankSnapshot, ToRank } from '../train/rank-protocol.ts';
import { startRankProcess, type RankExit, type RankProcess } from './rank-process.ts';
import { findRootCause, settleMs, type RankEnd, type Verdict } from './root-cause.ts';

/** How the ranks of this pod came to their end, together. */
export type GangOutcome =
  | { readonly how: 'finished'; readonly result?: RankResult }
  | { readonly how: 'stopped'; readonly step: number }
  | { readonly how: 'failed'; readonly verdict: Verdict };

type RankResult = NonNullable<Extract<FromRank, { type: 'finished' }>['result']>;

export interface RankGangOptions {
  readonly program: string;
  readonly environment: NodeJS.ProcessEnv;
  readonly firstRank: number;
  readonly ranks: number;
  readonly threadsPerRank: number;
  readonly onProgress: (rank: number, message: RankProgress) => void;
  readonly onSnapshot: (message: RankSnapshot) => void;
  /** Answers a rank that wants a shard. */
  readonly onFetch: (request: Extract<FromRank, { type: 'fetch' | 'discard' }>) => Promise<ToRank>;
  readonly clock: Clock;
  readonly log: Logger;
}

/** The rank processes of one pod. */
export interface RankGang {
  /** Tells every rank what to train. Ranks that are still loading read it when they are up. */
  start(assign: (place: { rank: number; localRank: number }) => RankAssignment): void;
  /** Asks all ranks to stop after the same step. Asking again changes nothing. */
  stop(): void;
  /** Tells rank 0 that its snapshot is taken over. */
  acknowledge(step: number): void;
  /** Resolves once, when all have finished or stopped, or one failed. Never rejects. */
  readonly outcome: Promise<GangOutcome>;
  /** Ends all processes and resolves when they are gone. */
  end(): Promise<void>;
}

/** Starts the processes at once: loading TensorFlow takes seconds that the meeting of the pods can use. */
export function startRankGang(options: RankGangOptions): RankGang {
  const { clock, log, firstRank } = options;
  const outcome = Promise.withResolvers<GangOutcome>();
  const ends: RankEnd[] = [];
  const done = new Map<number, GangOutcome>();
  let stopping = false;

  const decide = () => {
    const verdict = findRootCause(ends, stopping, clock.monotonicMs());
    if (verdict !== 'wait') outcome.resolve({ how: 'failed', verdict });
  };
  const noteEnd = (end: RankEnd) => {
    if (done.has(end.rank) || ends.some(({ rank }) => rank === end.rank)) return;
    ends.push(end);
    decide();
    void clock.sleep(settleMs).then(decide);
  };
  const noteDone = (rank: number, how: GangOutcome) => {
    done.set(rank, how);
    // Rank 0 knows the most, so its word is the pod's.
    if (done.size === options.ranks) outcome.resolve(done.get(firstRank) ?? how);
  };

  const hear = (rank: number, message: FromRank) => {
    switch (message.type) {
      case 'ready':
        log.debug({ rank }, 'a rank is up');
        break;
      case 'progress':
        options.onProgress(rank, message);
        break;
      case 'snapshot':
        options.onSnapshot(message);
        break;
      case 'fetch':
      case 'discard':
        void options.onFetch(message).then((answer) => {
          processes[rank - firstRank]?.send(answer);
        });
        break;
      case 'finished':
        noteDone(rank, {
          how: 'finished',
          ...(message.result === undefined ? {} : { result: message.result }),
        });
        break;
      case 'stopped':
        noteDone(rank, { how: 'stopped', step: message.step });
        break;
      case 'failed':
        noteEnd({ rank, atMs: clock.monotonicMs(), how: 'failed', failure: message });
        break;
    }
  };
  const noteExit = (rank: number, { code, signal, lastWords }: RankExit) => {
    const seen = { rank, atMs: clock.monotonicMs() };
    if (signal !== null) noteEnd({ ...seen, how: 'signal', signal });
    else noteEnd({ ...seen, how: 'exit', exitCode: code ?? 0, lastWords });
  };

  const processes: RankProcess[] = Array.from({ length: options.ranks }, (_, localRank) => {
    const rank = firstRank + localRank;
    return startRankProcess({
      program: options.program,
      rank,
      localRank,
      threads: options.threadsPerRank,
      environment: options.environment,
      log,
      onMessage: (message) => {
        hear(rank, message);
      },
      onExit: (exit) => {
        noteExit(rank, exit);
      },
    });
  });

  return {
    outcome: outcome.promise,
    start(assign) {
      for (const process of processes) process.send({ type: 'start', assignment: assign(process) });
    },
    stop() {
      if (stopping) return;
      stopping = true;
      for (const process of processes) process.send({ type: 'stop' });
      decide();
    },
    acknowledge(step) {
      processes[0]?.send({ type: 'saved', step });
    },
    async end() {
      for (const process of processes) process.kill();
      await Promise.all(processes.map((process) => process.gone));
    },
  };
}
