import type { EpochSummary, ProgressDocument } from '../../operator/api/trainer/progress.ts';
import type { Clock } from '../../operator/base/clock.ts';
import { createProgressMeter } from './progress-meter.ts';
import type { RankProgress, StepMetrics } from './rank-protocol.ts';
import type { StepOutcome } from './replica.ts';
import type { Validation } from './evaluation.ts';
import type { TrainingPlan } from './training-plan.ts';
import type { TrainingPosition } from './training-position.ts';

/** How often a rank speaks of its steps, unless they take longer. */
const reportIntervalMs = 1000;

/** One finished step as its rank saw it. */
export interface StepReport {
  /** Finished steps, this one included unless it was skipped. */
  readonly step: number;
  readonly outcome: StepOutcome;
  readonly learningRate: number;
  readonly lossScale: number;
  readonly dataWaitMs: number;
  /** From asking for the batch to the end of the step. */
  readonly durationMs: number;
}

/** Turns steps into messages to the supervisor, about one a second. */
export interface ProgressReporter {
  noteStep(report: StepReport): void;
  noteValidation(validation: Validation, epoch: number, durationMs: number): void;
  noteHistory(history: readonly EpochSummary[]): void;
  /** Speaks at once, as on a change of state. */
  say(state: ProgressDocument['state']): void;
}

export interface ProgressReporterOptions {
  readonly plan: TrainingPlan;
  readonly from: TrainingPosition;
  /** Rank 0 reports progress and history for all; the others only their own figures. */
  readonly leads: boolean;
  readonly report: (message: RankProgress) => void;
  readonly residentMemoryBytes: () => number;
  /** Images that this rank could not decode so far. Absent: there are none. */
  readonly unreadableImages?: () => number;
  readonly clock: Clock;
}

export function createProgressReporter(options: ProgressReporterOptions): ProgressReporter {
  const { plan, from, leads, clock } = options;
  const meter = createProgressMeter(plan, from.step, lastValidation(from.history));
  let history: readonly EpochSummary[] | undefined = from.history;
  let step = from.step;
  let lastStepAtMs: number | undefined;
  let saidAtMs = -Infinity;
  let unsaid: StepReport[] = [];
  let unfinishedMs = 0;
  let saidUnreadable = 0;

  function say(state: ProgressDocument['state']): void {
    const nowMs = clock.now();
    const unreadable = options.unreadableImages?.() ?? 0;
    options.report({
      type: 'progress',
      state,
      step,
      ...(lastStepAtMs === undefined ? {} : { lastStepAtMs }),
      ...(leads ? { progress: meter.read(nowMs) } : {}),
      ...(leads && history !== undefined ? { history } : {}),
      ...summarize(unsaid, plan.batchSize, {
        residentMemoryBytes: options.residentMemoryBytes(),
        unreadableImages: unreadable - saidUnreadable,
      }),
    });
    if (unsaid.length > 0) saidUnreadable = unreadable;
    saidAtMs = nowMs;
    unsaid = [];
    history = undefined;
  }

  return {
    say,
    noteStep(report) {
      step = report.step;
      lastStepAtMs = clock.now();
      unsaid.push(report);
      unfinishedMs += report.durationMs;
      if (report.outcome.finite) {
        // A step that had to be taken again took as long as all its tries.
        meter.noteStep(step, report.outcome, report.learningRate, unfinishedMs);
        unfinishedMs = 0;
      }
      if (lastStepAtMs - saidAtMs >= reportIntervalMs) say('Training');
    },
    noteValidation({ top1, top5, loss }, epoch, durationMs) {
      meter.noteValidation({ epoch, top1, top5, loss }, durationMs);
    },
    noteHistory(changed) {
      history = changed;
    },
  };
}

function summarize(
  reports: readonly StepReport[],
  batchSize: number,
  figures: Pick<StepMetrics, 'residentMemoryBytes' | 'unreadableImages'>,
): { metrics?: StepMetrics } {
  const last = reports.at(-1);
  if (last === undefined) return {};
  return {
    metrics: {
      images: reports.filter(({ outcome }) => outcome.finite).length * batchSize,
      stepSeconds: reports.map((report) => report.outcome.durationMs / 1000),
      dataWaitSeconds: reports.reduce((sum, report) => sum + report.dataWaitMs, 0) / 1000,
      ...allReduceSecondsOf(reports),
      learningRate: last.learningRate,
      lossScale: last.lossScale,
      ...figuresOf(reports.findLast((report) => report.outcome.finite)?.outcome),
      skippedSteps: reports.filter((report) => !report.outcome.finite).length,
      ...figures,
    },
  };
}

function allReduceSecondsOf(reports: readonly StepReport[]): Pick<StepMetrics, 'allReduceSeconds'> {
  const times = reports.flatMap(({ outcome }) => outcome.allReduce ?? []);
  if (times.length === 0) return {};
  const [total, exposed] = times.reduce(
    ([all, tail], { totalMs, exposedMs }) => [all + totalMs, tail + exposedMs],
    [0, 0],
  );
  return { allReduceSeconds: { total: total / 1000, exposed: exposed / 1000 } };
}

function figuresOf(outcome: StepOutcome | undefined): Partial<StepMetrics> {
  if (outcome === undefined) return {};
  const { loss, gradientNorm, teacherDivergence } = outcome;
  return { loss, gradientNorm, ...(teacherDivergence === undefined ? {} : { teacherDivergence }) };
}

function lastValidation(history: readonly EpochSummary[]) {
  const last = history.at(-1);
  if (last?.top1 === undefined || last.top5 === undefined || last.validationLoss === undefined)
    return undefined;
  return { epoch: last.epoch, top1: last.top1, top5: last.top5, loss: last.validationLoss };
}
