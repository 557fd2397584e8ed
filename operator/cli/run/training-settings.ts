import type { Logger } from '../../base/logging.ts';
import type { CommandContext } from '../context.ts';
import type { OutputFormat } from '../output.ts';

/** How to train, besides what the runs themselves say. */
export interface TrainingSettings {
  readonly context: CommandContext;
  /** Folder of state, logs and scratch files. */
  readonly folder: string;
  readonly gpus: number;
  readonly replace: boolean;
  readonly quiet: boolean;
  /** Standard output is for a program, so that people read standard error. */
  readonly output?: OutputFormat;
  readonly log: Logger;
  /** What to type to go on after an interruption. */
  readonly continueCommand: string;
}
