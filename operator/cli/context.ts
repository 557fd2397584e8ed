import type { Readable } from 'node:stream';
import type { Clock } from '../base/clock.ts';

/** A stream that text is written to; a terminal says so and knows its size. */
export interface TextOutput {
  write(text: string): unknown;
  readonly isTTY?: boolean;
  readonly columns?: number;
  readonly rows?: number;
}

/** Where signals to this process arrive; `exit` comes last of all. */
export interface ProcessSignals {
  on(name: 'SIGINT' | 'SIGTERM' | 'exit', listener: () => void): unknown;
  off(name: 'SIGINT' | 'SIGTERM' | 'exit', listener: () => void): unknown;
}

/** The world outside, as the commands see it. Only `main.ts` makes one from the real process. */
export interface CommandContext {
  readonly stdin: Readable;
  /** Results, for people and programs. */
  readonly stdout: TextOutput;
  /** Everything else: progress, problems, advice. */
  readonly stderr: TextOutput;
  readonly signals: ProcessSignals;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly workingFolder: string;
  /** Whether this was typed as `kubectl ringmaster`, so that a cluster is meant. */
  readonly isKubectlPlugin: boolean;
  /** Folder that holds `trainer-image/`, whose programs are started as processes. */
  readonly programFolder: string;
  readonly clock: Clock;
}
