import type { ProgressStatus } from '../../api/v1alpha1/status.ts';
import type { TrainingRun } from '../../api/v1alpha1/training-run.ts';
import { formatCount, formatEpoch, formatLearningRate, formatPercent, formatSeconds } from './figures.ts';
import { noticesBetween } from './notices.ts';
import { nameOf } from './run-block.ts';

/** At most one line of progress in this time, however short the epochs are. */
const shortestIntervalMs = 10_000;
/** At least one line in this time while a run trains, however long the epochs are. */
const longestIntervalMs = 60_000;

/** What has been printed about a run. */
export interface PlainState {
  readonly run?: TrainingRun;
  readonly printedAtMs: number;
  /** Epoch of the last evaluation that was printed. */
  readonly printedEpoch: number;
}

export const initialPlainState: PlainState = { printedAtMs: Number.NEGATIVE_INFINITY, printedEpoch: 0 };

/** The lines to print for a new look at a run where no terminal is: phases, epochs, failures. */
export function plainLines(
  state: PlainState,
  run: TrainingRun,
  nowMs: number,
): { readonly lines: readonly string[]; readonly state: PlainState } {
  const lines = noticesBetween(state.run, run, nowMs);
  const phase = run.status?.phase ?? 'Pending';
  const previousPhase = state.run === undefined ? undefined : (state.run.status?.phase ?? 'Pending');
  if (phase !== previousPhase) lines.push(`${nameOf(run)}: ${phase}`);
  const { progress } = run.status ?? {};
  const evaluatedEpoch = progress?.validation?.epoch ?? 0;
  const sinceMs = nowMs - state.printedAtMs;
  const isDue =
    (evaluatedEpoch > state.printedEpoch &&
      (sinceMs >= shortestIntervalMs || evaluatedEpoch === progress?.epochs)) ||
    (phase === 'Running' && sinceMs >= longestIntervalMs);
  if (progress === undefined || !isDue) {
    return { lines, state: { ...state, run } };
  }
  return {
    lines: [...lines, `${nameOf(run)}: ${describeProgress(progress)}`],
    state: { run, printedAtMs: nowMs, printedEpoch: evaluatedEpoch },
  };
}

function describeProgress(progress: ProgressStatus): string {
  const { loss, learningRate, validation, imagesPerSecond, etaSeconds } = progress;
  return [
    `epoch ${formatEpoch(progress.epoch)}/${progress.epochs}`,
    `step ${progress.step}/${progress.steps}`,
    ...(loss === undefined ? [] : [`loss ${loss.toFixed(4)}`]),
    ...(learningRate === undefined ? [] : [`lr ${formatLearningRate(learningRate)}`]),
    ...(validation === undefined
      ? []
      : [
          `top-1 ${formatPercent(validation.top1)}`,
          `top-5 ${formatPercent(validation.top5)}`,
          `validation loss ${validation.loss.toFixed(4)}`,
        ]),
    ...(imagesPerSecond === undefined ? [] : [`${formatCount(imagesPerSecond)} img/s`]),
    ...(etaSeconds === undefined ? [] : [`ETA ${formatSeconds(etaSeconds)}`]),
  ].join('  ');
}
