import type { TrainingRun } from '../../api/v1alpha1/training-run.ts';
import { describeError } from '../../base/errors.ts';
import type { Cluster } from '../../cluster/cluster.ts';
import { openProgressDisplay, type ProgressDisplay } from '../display/progress-display.ts';
import { nameOf } from '../display/run-block.ts';
import { createStyle, wantsColour } from '../display/style.ts';
import { exitCodeFor } from './exit-code-for.ts';
import { followRuns } from './follow-runs.ts';
import { withEvaluation } from './history.ts';
import { takeInterruptions, type EndingSignal, type InterruptionHandlers } from './interruption.ts';
import { openLocalWorld, type LocalWorld } from './local-world.ts';
import { endPods, suspendRuns } from './stop-runs.ts';
import { isFinished, keyOf, removeRun, submitRun, type SubmittedRun } from './submission.ts';
import { summarize, type Curves } from './summarize.ts';
import type { TrainingSettings } from './training-settings.ts';

export interface TrainingOutcome {
  readonly exitCode: number;
  /** The runs as they are at the end. */
  readonly objects: readonly TrainingRun[];
}

/** Submits the runs, follows them to their end, and says how they ended. */
export async function trainRuns(
  runs: readonly TrainingRun[],
  settings: TrainingSettings,
): Promise<TrainingOutcome> {
  const { context, folder, gpus, log } = settings;
  const { programFolder, clock } = context;
  const world = await openLocalWorld({ folder, gpuSlots: gpus, programFolder, clock, log });
  try {
    const submitted = await submitAll(runs, world.cluster, settings);
    announce(submitted, settings);
    const { objects, curves, signal } = await followToEnd(submitted, world, settings);
    await summarize(objects, curves, settings);
    return { objects, exitCode: exitCodeFor(objects, signal) };
  } finally {
    await world.close();
  }
}

async function submitAll(
  runs: readonly TrainingRun[],
  cluster: Cluster,
  { replace }: TrainingSettings,
): Promise<SubmittedRun[]> {
  const submitted: SubmittedRun[] = [];
  for (const run of runs) {
    if (replace) await removeRun(cluster, keyOf(run));
    submitted.push(await submitRun(cluster, run));
  }
  return submitted;
}

function announce(submitted: readonly SubmittedRun[], { context, quiet }: TrainingSettings): void {
  if (quiet) return;
  for (const { run, kind } of submitted) {
    const step = run.status?.checkpoint?.step;
    const from = step === undefined ? '' : ` from the checkpoint of step ${step}`;
    if (kind === 'resume' || kind === 'continue') context.stderr.write(`${nameOf(run)}: continues${from}\n`);
    if (kind === 'finished') {
      context.stderr.write(`${nameOf(run)}: finished before; pass --replace to train it anew\n`);
    }
  }
}

async function followToEnd(
  submitted: readonly SubmittedRun[],
  world: LocalWorld,
  settings: TrainingSettings,
): Promise<{ objects: TrainingRun[]; curves: Curves; signal: EndingSignal | undefined }> {
  const { context, quiet } = settings;
  const runs = submitted.map(({ run }) => run);
  const curves: Curves = new Map();
  if (runs.every(isFinished)) return { objects: runs, curves, signal: undefined };
  const { stderr: output, signals, clock } = context;
  const style = createStyle(wantsColour(output.isTTY === true, context.environment));
  const display = openProgressDisplay({ output, signals, clock, style, quiet });
  const interruption = takeInterruptions(
    signals,
    clock,
    interruptionHandlers(runs, world, display, settings),
  );
  try {
    world.start();
    const onChange = (run: TrainingRun) => {
      curves.set(run.metadata.uid, withEvaluation(curves.get(run.metadata.uid) ?? [], run));
      display.update(run);
    };
    const objects = await followRuns(world.cluster, runs, onChange, world.broken);
    return { objects, curves, signal: interruption.received() };
  } finally {
    await display.close();
    interruption.release();
  }
}

function interruptionHandlers(
  runs: readonly TrainingRun[],
  { cluster }: LocalWorld,
  display: ProgressDisplay,
  { log }: TrainingSettings,
): InterruptionHandlers {
  const attempt = (what: string, work: Promise<unknown>) => {
    work.catch((error: unknown) => {
      log.error({ err: error }, `could not ${what}`);
      display.say(`could not ${what}: ${describeError(error)}`);
    });
  };
  return {
    onFirst: () => {
      display.say('saving a checkpoint, press again to stop at once');
      attempt('suspend the runs', suspendRuns(cluster, runs));
    },
    onSecond: () => {
      display.say('stopping at once');
      attempt('end the pods', endPods(cluster, runs));
    },
  };
}
