import type { TrainingRun } from '../api/v1alpha1/training-run.ts';
import { resourceTypes } from '../cluster/cluster.ts';
import { withCluster, type ClusterConnection } from './connection/connection.ts';
import type { ClusterPlace } from './connection/place.ts';
import type { CommandContext } from './context.ts';
import { drawBoard } from './display/board.ts';
import { openProgressDisplay, type DrawRuns, type ProgressDisplay } from './display/progress-display.ts';
import { nameOf } from './display/run-block.ts';
import { createStyle, wantsColour } from './display/style.ts';
import { columnsOf } from './display/terminal-size.ts';
import { describeAbsence } from './get.ts';
import { commandExitCodes } from './exit-codes.ts';
import { exitCodeFor } from './run/exit-code-for.ts';
import { isAtRest } from './run/follow-runs.ts';
import { takeInterruptions } from './run/interruption.ts';

/**
 * Shows runs of a cluster as they change: a board on a terminal, plain lines elsewhere. Ctrl-C ends it and leaves the
 * runs alone.
 * @param chosen these only, until each is finished or suspended; all of the place, for ever, when empty
 * @returns the exit code, that of `run` for chosen runs
 */
export async function watchRuns(
  chosen: readonly TrainingRun[],
  place: ClusterPlace,
  context: CommandContext,
): Promise<number> {
  const { stdout: output, signals, clock, environment } = context;
  const ending = new AbortController();
  const style = createStyle(wantsColour(output.isTTY === true, environment));
  const latest = new Map(chosen.map((run) => [run.metadata.uid, run]));
  const board: DrawRuns = (runs, settings) =>
    drawBoard(runs, { ...settings, place: place.name, withNamespace: place.namespace === undefined });
  /** The live board is wiped away at its end; its last state is worth keeping. */
  const leaveBoard = () => {
    const settings = { width: columnsOf(output), rows: Number.POSITIVE_INFINITY, style, nowMs: clock.now() };
    output.write(`${board([...latest.values()], settings).join('\n')}\n`);
  };
  const display = openProgressDisplay({
    output,
    signals,
    clock,
    style,
    quiet: false,
    draw: board,
  });
  const interruption = takeInterruptions(signals, clock, {
    onFirst: () => ending.abort(),
    onSecond: () => undefined,
  });
  try {
    const isDone = await withCluster(
      place,
      context,
      (connection) => show(connection, latest, display, ending.signal),
      (trouble) => display.say(trouble),
    );
    if (isDone) return exitCodeFor([...latest.values()], undefined);
    return interruption.received() === 'SIGTERM' ? commandExitCodes.terminated : commandExitCodes.interrupted;
  } finally {
    await display.close();
    interruption.release();
    if (output.isTTY === true) leaveBoard();
  }
}

/** @returns whether all that were chosen are at rest; false when `signal` ended it */
async function show(
  { cluster, scope, place }: ClusterConnection,
  latest: Map<string | undefined, TrainingRun>,
  display: ProgressDisplay,
  signal: AbortSignal,
): Promise<boolean> {
  const isChosen = latest.size > 0;
  // A watch heals itself for ever; a missing right or a wrong address should be told at once.
  const present = await cluster.list(resourceTypes.trainingRuns, scope);
  if (present.length === 0) display.say(describeAbsence(place));
  for await (const event of cluster.watch(resourceTypes.trainingRuns, scope, signal)) {
    if (event.type !== 'synced') {
      const { object: run } = event;
      if (isChosen && !latest.has(run.metadata.uid)) continue;
      if (event.type === 'deleted') {
        display.say(`${nameOf(run)}: was deleted`);
        display.forget(run);
        latest.delete(run.metadata.uid);
      } else {
        latest.set(run.metadata.uid, run);
        display.update(run);
      }
    }
    if (isChosen && [...latest.values()].every(isAtRest)) return true;
  }
  return false;
}
