import type { EpochSummary, ProgressDocument, TrainingResult } from '../../operator/api/trainer/progress.ts';
import type { ResolvedSpec } from '../../operator/api/v1alpha1/resolved-spec.ts';
import type { Shard } from '../data/index/sample-index.ts';
import type { IndexFiles } from '../data/open-parts.ts';
import type { StorageAccess } from '../storage/storage-access.ts';
import type { Failure } from './failure.ts';

/** What a rank process is told when it starts: its place among all ranks, and what to train. */
export interface RankAssignment {
  readonly rank: number;
  readonly worldSize: number;
  readonly localRank: number;
  /** `host:port` of every rank's collective server, by rank. */
  readonly addresses: readonly string[];
  /** Name of the run, for the log. */
  readonly run: string;
  readonly attempt: number;
  readonly spec: ResolvedSpec;
  /** Folder of the checkpoint to continue from, already verified; absent to start from scratch. */
  readonly restoreFrom?: string;
  /** How to reach object storage; names folders of secrets, never the secrets. */
  readonly storage: StorageAccess;
  /** Folder for snapshots on their way to storage. */
  readonly scratchFolder: string;
  /** Indexes of the data that the supervisor has opened. */
  readonly indexFiles?: IndexFiles;
  /** Whether the supervisor keeps shards of remote data on this machine. */
  readonly cached: boolean;
  /** Threads for TensorFlow's kernels, 1 or more. */
  readonly threads: number;
}

/** Messages from the supervisor to a rank, over Node's IPC channel. */
export type ToRank =
  | { readonly type: 'start'; readonly assignment: RankAssignment }
  /** Stop at the next step boundary; rank 0 leaves a last snapshot. */
  | { readonly type: 'stop' }
  /** The snapshot of this step is taken over, so the next one may be written. */
  | { readonly type: 'saved'; readonly step: number }
  /** The answer to a request: the file, or why there is none. */
  | {
      readonly type: 'fetched';
      readonly request: number;
      readonly file?: string;
      readonly failure?: Failure;
    };

/** Messages from a rank to its supervisor. */
export type FromRank =
  /** The process is up and waits for `start`. */
  | { readonly type: 'ready' }
  | RankProgress
  | RankSnapshot
  /** Everything is trained; rank 0 fills in the result. The supervisor knows where it is saved. */
  | { readonly type: 'finished'; readonly result?: Omit<TrainingResult, 'uri'> }
  /** Stopped at a step boundary because `stop` was asked for. */
  | { readonly type: 'stopped'; readonly step: number }
  /** Wants a shard as a file on this machine, or has found the file that it got to be wrong. */
  | {
      readonly type: 'fetch' | 'discard';
      /** Number of the request, which the answer repeats. */
      readonly request: number;
      readonly root: string;
      readonly shard: Shard;
    }
  | ({ readonly type: 'failed' } & Failure);

/** Steps were finished, or the state changed. Only rank 0 fills in `progress` and `history`. */
export interface RankProgress {
  readonly type: 'progress';
  readonly state: ProgressDocument['state'];
  /** Finished steps since the beginning of the run. */
  readonly step: number;
  readonly lastStepAtMs?: number;
  readonly progress?: ProgressDocument['progress'];
  readonly history?: readonly EpochSummary[];
  readonly metrics?: StepMetrics;
}

/** Rank 0 has written a snapshot below its scratch folder; the supervisor commits it to storage and removes it. */
export interface RankSnapshot {
  readonly type: 'snapshot';
  readonly folder: string;
  readonly step: number;
  /** How long training stood still for it: the comparison of the ranks and the copy. */
  readonly stallSeconds: number;
}

/** Figures of the steps since the last message, for `/metrics`. Times are seconds, as Prometheus has them. */
export interface StepMetrics {
  /** Images of the global batches since the last message. */
  readonly images: number;
  /** Duration of each step since the last message. */
  readonly stepSeconds: readonly number[];
  /** Time spent waiting for batches since the last message. */
  readonly dataWaitSeconds: number;
  /** Time of all-reduces since the last message, and the part of it after all else was computed. Absent for one rank. */
  readonly allReduceSeconds?: { readonly total: number; readonly exposed: number };
  /** Of the last step that was finite; absent if none was since the last message. JSON has no NaN. */
  readonly loss?: number;
  readonly gradientNorm?: number;
  readonly learningRate: number;
  readonly lossScale: number;
  /** As loss and gradient norm; absent without a teacher too. */
  readonly teacherDivergence?: number;
  readonly skippedSteps: number;
  readonly residentMemoryBytes: number;
  /** Images that could not be decoded since the last message. */
  readonly unreadableImages: number;
}
