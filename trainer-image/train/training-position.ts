import type { EpochSummary } from '../../operator/api/trainer/progress.ts';
import type { LossScale } from '../tricks/loss-scale.ts';

/** Where in its training a run stands, besides the tensors: what a checkpoint's `state.json` brings back. */
export interface TrainingPosition {
  /** Finished steps. */
  readonly step: number;
  /** One entry for each finished and evaluated epoch, oldest first. */
  readonly history: readonly EpochSummary[];
  /** The saved step of the best validation so far. */
  readonly best?: { readonly step: number; readonly top1: number };
  /** The loss scale of the next step; absent before the first. */
  readonly lossScale?: LossScale;
  /** The losses of the finished steps of the present epoch. */
  readonly epochLoss?: { readonly sum: number; readonly count: number };
  /** Seconds of training, evaluation included, over all attempts. */
  readonly trainSeconds: number;
}

/** The beginning. */
export const untrained: TrainingPosition = { step: 0, history: [], trainSeconds: 0 };
