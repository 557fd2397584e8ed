import type { TrainingRun } from '../api/v1alpha1/training-run.ts';
import { resourceTypes } from '../cluster/cluster.ts';
import type { ClusterPlace } from './connection/place.ts';
import type { CommandContext } from './context.ts';
import { drawBoard } from './display/board.ts';
import { openProgressDisplay, type DrawRuns, type ProgressDisplay } from './display/progress-display.ts';
import { createStyle, wantsColour } from './display/style.ts';
import { columnsOf } from './display/terminal-size.ts';
import { formatOutput, type OutputFormat } from './output.ts';
import { exitCodeFor } from './run/exit-code-for.ts';
import { isAtRest } from './run/follow-runs.ts';
import { watchObjects } from './watch-objects.ts';

/**
 * Shows runs of a cluster as they change: a board on a terminal, plain lines elsewhere. Ctrl-C ends it and leaves the
 * runs alone.
 * @param chosen these only, until each is finished or suspended; all of the place, for ever, when empty
 * @param format gives each change as an object on standard output, and says everything else on standard error
 * @returns the exit code, that of `run` for chosen runs
 */
export async function watchRuns(
  chosen: readonly TrainingRun[],
  place: ClusterPlace,
  context: CommandContext,
  format?: OutputFormat,
): Promise<number> {
  const { stdout: output, signals, clock, environment } = context;
  const style = createStyle(wantsColour(output.isTTY === true, environment));
  const latest = new Map(chosen.map((run) => [run.metadata.uid, run]));
  const board: DrawRuns = (runs, settings) =>
    drawBoard(runs, { ...settings, place: place.name, withNamespace: place.namespace === undefined });
  /** The live board is wiped away at its end; its last state is worth keeping. */
  const leaveBoard = () => {
    const settings = { width: columnsOf(output), rows: Number.POSITIVE_INFINITY, style, nowMs: clock.now() };
    output.write(`${board([...latest.values()], settings).join('\n')}\n`);
  };
  const display =
    format === undefined
      ? openProgressDisplay({ output, signals, clock, style, quiet: false, draw: board })
      : objectDisplay(format, context);
  try {
    return await watchObjects(
      {
        ...{ type: resourceTypes.trainingRuns, kind: 'run', isAtRest },
        onChange: (run) => display.update(run),
        onDeleted: (run) => display.forget(run),
        say: (line) => display.say(line),
        exitCodeOf: (runs) => exitCodeFor(runs, undefined),
      },
      latest,
      place,
      context,
    );
  } finally {
    await display.close();
    if (output.isTTY === true && format === undefined) leaveBoard();
  }
}

/** Each change as an object: a line of JSON, or a document of YAML. */
function objectDisplay(format: OutputFormat, { stdout, stderr }: CommandContext): ProgressDisplay {
  return {
    update: (run) =>
      stdout.write(format === 'json' ? `${JSON.stringify(run)}\n` : `---\n${formatOutput(run, format)}`),
    forget: () => undefined,
    say: (line) => stderr.write(`${line}\n`),
    close: () => Promise.resolve(),
  };
}
