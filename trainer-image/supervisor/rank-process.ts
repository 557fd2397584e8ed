import { fork } from 'node:child_process';
import type { Logger } from '../../operator/base/logging.ts';
import type { FromRank, ToRank } from '../train/rank-protocol.ts';
import { followOutput, type LastWords } from './rank-output.ts';

export interface RankProcessOptions {
  /** Path of the program that a rank runs. */
  readonly program: string;
  readonly rank: number;
  readonly localRank: number;
  readonly threads: number;
  /** The environment that ranks inherit. */
  readonly environment: NodeJS.ProcessEnv;
  readonly log: Logger;
  readonly onMessage: (message: FromRank) => void;
  readonly onExit: (exit: RankExit) => void;
}

export interface RankExit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly lastWords: string;
}

export interface RankProcess {
  readonly rank: number;
  readonly localRank: number;
  readonly pid: number | undefined;
  send(message: ToRank): void;
  /** Ends it with SIGKILL: TensorFlow's server has no clean way down, and a rank keeps nothing that must be saved. */
  kill(): void;
  /** Resolves when the process is gone. */
  readonly gone: Promise<unknown>;
}

/** Starts one rank. It ends by itself when this process does, because its IPC channel then closes. */
export function startRankProcess(options: RankProcessOptions): RankProcess {
  const { rank, localRank } = options;
  const log = options.log.child({ rank });
  const child = fork(options.program, [], {
    env: rankEnvironment(options),
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    serialization: 'json',
  });
  const gone = Promise.withResolvers<undefined>();
  const lastWords: LastWords =
    child.stdout === null || child.stderr === null
      ? () => ''
      : followOutput([child.stdout, child.stderr], log, (line) => process.stderr.write(line));

  child.on('message', (message: FromRank) => {
    options.onMessage(message);
  });
  child.on('error', (error) => {
    log.debug({ err: error }, 'a rank process could not be reached');
    if (child.pid === undefined) end({ code: 127, signal: null, lastWords: error.message });
  });
  // `close` comes after the last line of output, unlike `exit`.
  child.on('close', (code, signal) => {
    end({ code, signal, lastWords: lastWords() });
  });

  function end(exit: RankExit): void {
    options.onExit(exit);
    gone.resolve(undefined);
  }

  return {
    rank,
    localRank,
    pid: child.pid,
    gone: gone.promise,
    send(message) {
      if (child.connected) child.send(message);
    },
    kill() {
      child.kill('SIGKILL');
    },
  };
}

/** What a rank's process finds in its environment. */
export function rankEnvironment({
  environment,
  localRank,
  threads,
}: Pick<RankProcessOptions, 'environment' | 'localRank' | 'threads'>): NodeJS.ProcessEnv {
  return {
    ...environment,
    // Each rank sees one GPU and calls it the first. Without GPUs the variable has no effect.
    CUDA_VISIBLE_DEVICES: visibleDevice(environment.CUDA_VISIBLE_DEVICES, localRank),
    // A running step holds one thread of libuv's pool; reading, decoding and writing need their own.
    UV_THREADPOOL_SIZE: String(threads + 4),
    OMP_NUM_THREADS: String(threads),
    // Errors only: what TensorFlow says besides is about its own build.
    TF_CPP_MIN_LOG_LEVEL: environment.TF_CPP_MIN_LOG_LEVEL ?? '2',
    // The channels between ranks must not go through a proxy meant for the Internet.
    no_grpc_proxy: '*',
  };
}

/** The device of a local rank out of those that the pod was given, which a device plugin may name by UUID. */
export function visibleDevice(podDevices: string | undefined, localRank: number): string {
  if (podDevices === undefined) return String(localRank);
  const devices = podDevices.split(',').map((device) => device.trim());
  return devices[localRank] ?? '';
}
