import type { Phase, ProgressStatus, TrainingRunStatus } from '../../api/v1alpha1/status.ts';
import type { KubernetesObject } from '../../api/wire.ts';
import type { TrainingRun } from '../../api/v1alpha1/training-run.ts';
import { fromTimestamp } from '../../base/clock.ts';
import { drawBar } from './bar.ts';
import { formatCount, formatEpoch, formatLearningRate, formatPercent, formatSeconds } from './figures.ts';
import type { Style } from './style.ts';
import { truncate, visibleWidth } from './text.ts';

/** What a block is drawn for. */
export interface BlockSettings {
  /** Columns of the terminal. */
  readonly width: number;
  readonly style: Style;
  readonly nowMs: number;
}

const longestBar = 40;
const shortestBar = 10;

/** The two lines that show a run while it is going: bar, share, epoch, phase and name; then the figures. */
export function drawRunBlock(run: TrainingRun, settings: BlockSettings): string[] {
  const { width, style } = settings;
  const { phase = 'Pending', progress } = run.status ?? {};
  const share = progress === undefined || progress.steps === 0 ? 0 : progress.step / progress.steps;
  const epoch = progress === undefined ? '' : `  epoch ${formatEpoch(progress.epoch)}/${progress.epochs}`;
  const percent = `${String(progress?.percent ?? 0).padStart(3)} %`;
  const label = `${percent}${epoch}  ${colourPhase(phase, style)}  ${style.bold(nameOf(run))}`;
  const barWidth = Math.min(longestBar, Math.max(shortestBar, width - visibleWidth(label) - 1));
  const figures = progress === undefined ? describeWaiting(run.status) : drawFigures(progress, settings);
  return [`${style.busy(drawBar(share, barWidth))} ${label}`, `  ${figures}`].map((line) =>
    truncate(line, width),
  );
}

/** The figures of a run on one line; those that matter least go first when the line is short. */
function drawFigures(progress: ProgressStatus, { width, nowMs }: BlockSettings): string {
  const { loss, learningRate, imagesPerSecond, validation } = progress;
  // In the order in which they are shown; `rank` says what is left out first, the largest before the others.
  const figures = [
    loss === undefined ? undefined : { rank: 1, text: `loss ${loss.toFixed(4)}` },
    learningRate === undefined ? undefined : { rank: 4, text: `lr ${formatLearningRate(learningRate)}` },
    validation === undefined ? undefined : { rank: 0, text: `top-1 ${formatPercent(validation.top1)}` },
    imagesPerSecond === undefined ? undefined : { rank: 3, text: `${formatCount(imagesPerSecond)} img/s` },
    progress.etaSeconds === undefined ? undefined : { rank: 2, text: `ETA ${remaining(progress, nowMs)}` },
  ].filter((figure) => figure !== undefined);
  const fits = () => figures.map(({ text }) => text).join('  ').length <= width - 2;
  while (figures.length > 1 && !fits()) {
    const leastImportant = Math.max(...figures.map(({ rank }) => rank));
    figures.splice(
      figures.findIndex(({ rank }) => rank === leastImportant),
      1,
    );
  }
  return figures.map(({ text }) => text).join('  ');
}

/** The estimate, counted down since it was made. */
export function remaining({ etaSeconds = 0, updatedAt }: ProgressStatus, nowMs: number): string {
  const ageSeconds = Math.max(0, (nowMs - (fromTimestamp(updatedAt) ?? nowMs)) / 1000);
  return formatSeconds(Math.max(0, Math.round(etaSeconds - ageSeconds)));
}

/** Why nothing is trained yet: the newest condition that is true. */
function describeWaiting(status: TrainingRunStatus | undefined): string {
  const newest = (status?.conditions ?? [])
    .filter(({ status: value }) => value === 'True')
    .sort((left, right) => right.lastTransitionTime.localeCompare(left.lastTransitionTime))[0];
  return newest?.message ?? 'waiting for the first step';
}

/** `namespace/name`, as problems and events name an object. */
export function nameOf({ metadata }: KubernetesObject): string {
  return `${metadata.namespace ?? 'default'}/${metadata.name}`;
}

/** The phase in the colour of good, bad or going. */
export function colourPhase(phase: Phase, style: Style): string {
  switch (phase) {
    case 'Succeeded':
      return style.good(phase);
    case 'Failed':
    case 'Restarting':
      return style.bad(phase);
    case 'Running':
    case 'Starting':
      return style.busy(phase);
    case 'Pending':
    case 'Queued':
    case 'Suspending':
    case 'Suspended':
      return phase;
  }
}
