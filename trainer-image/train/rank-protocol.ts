import type { ProgressDocument } from '../../operator/api/trainer/progress.ts';
import type { ResolvedSpec } from '../../operator/api/v1alpha1/resolved-spec.ts';
import type { TrainerReason } from '../../operator/api/v1alpha1/reasons.ts';

/** What a rank process is told when it starts: its place among all ranks, and what to train. */
export interface RankAssignment {
  readonly rank: number;
  readonly worldSize: number;
  readonly localRank: number;
  /** `host:port` of every rank's collective server, by rank. */
  readonly addresses: readonly string[];
  readonly attempt: number;
  readonly spec: ResolvedSpec;
  /** The checkpoint to continue from, already verified; absent to start from scratch. */
  readonly restore?: { readonly uri: string; readonly weightsOnly: boolean };
  /** Folder for snapshots on their way to storage. */
  readonly scratchFolder: string;
  readonly threads: number;
}

/** Messages from the supervisor to a rank, over Node's IPC channel. */
export type ToRank =
  { readonly type: 'start'; readonly assignment: RankAssignment } | { readonly type: 'stop' };

/** Messages from a rank to its supervisor. */
export type FromRank =
  /** The process is up and waits for `start`. */
  | { readonly type: 'ready' }
  /** A step was finished; only rank 0 fills in `progress` and `history`. */
  | {
      readonly type: 'progress';
      readonly state: ProgressDocument['state'];
      readonly step: number;
      readonly progress?: ProgressDocument['progress'];
      readonly history?: ProgressDocument['history'];
      readonly metrics?: StepMetrics;
    }
  /** Rank 0 has written a snapshot below its scratch folder; the supervisor commits it to storage and removes it. */
  | {
      readonly type: 'snapshot';
      readonly folder: string;
      readonly step: number;
      readonly epoch: number;
      readonly top1?: number;
    }
  /** Everything is trained; rank 0 fills in the result. */
  | { readonly type: 'finished'; readonly result?: ProgressDocument['result'] }
  /** Stopped at a step boundary because `stop` was asked for. */
  | { readonly type: 'stopped'; readonly step: number }
  | {
      readonly type: 'failed';
      readonly reason: TrainerReason;
      readonly message: string;
      readonly step?: number;
    };

/** Figures of the last steps, for /metrics. Times are seconds, as Prometheus has them. */
export interface StepMetrics {
  readonly imagesTotal: number;
  readonly stepSeconds: number;
  readonly dataWaitSeconds: number;
  readonly loss: number;
  readonly learningRate: number;
  readonly gradientNorm: number;
  readonly skippedSteps: number;
  readonly residentMemoryBytes: number;
}
