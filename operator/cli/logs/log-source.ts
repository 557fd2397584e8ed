import type { LogLine, LogOrigin } from './log-line.ts';

/** Which lines of a pod to read. */
export interface LogReading {
  readonly follow: boolean;
  /** Lines from the end; all when absent. */
  readonly tail?: number;
}

/** The output of one pod. */
export interface PodLog extends LogOrigin {
  /** Its lines in order; with `follow` until the pod has ended or `signal` is aborted. */
  lines(reading: LogReading, signal: AbortSignal): AsyncIterable<LogLine>;
}

/** The outputs of the pods of a run, wherever they are kept. */
export interface LogSource {
  /** Those that can be read now. */
  list(): Promise<PodLog[]>;
  /** Those that can be read now and others as soon as they can, until the run has ended or `signal` is aborted. */
  follow(signal: AbortSignal): AsyncIterable<PodLog>;
}
