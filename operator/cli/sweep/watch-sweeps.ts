import type { TrainingSweep } from '../../api/v1alpha1/training-sweep.ts';
import { resourceTypes } from '../../cluster/cluster.ts';
import type { ClusterPlace } from '../connection/place.ts';
import type { CommandContext } from '../context.ts';
import { commandExitCodes } from '../exit-codes.ts';
import { drawTrials } from '../sweep-table.ts';
import { watchObjects } from '../watch-objects.ts';
import { isAtRest } from './follow-sweep.ts';
import { openSweepDisplay } from './sweep-display.ts';
import { drawSweepList } from './sweep-list.ts';

/**
 * Shows sweeps of a cluster as they change: on a terminal the trials of one, or a line for each of several; plain lines
 * elsewhere. Ctrl-C ends it and leaves them alone.
 * @param chosen these only, until each is finished or suspended; all of the place, for ever, when empty
 * @returns the exit code, that of `run` for chosen sweeps
 */
export async function watchSweeps(
  chosen: readonly TrainingSweep[],
  place: ClusterPlace,
  context: CommandContext,
): Promise<number> {
  const { stdout: output, signals, clock } = context;
  const latest = new Map(chosen.map((sweep) => [sweep.metadata.uid, sweep]));
  const draw = (sweeps: readonly TrainingSweep[], rows: number) => {
    const [first] = sweeps;
    return first !== undefined && chosen.length === 1
      ? drawTrials(first, rows)
      : drawSweepList(sweeps, { wide: false, nowMs: clock.now() });
  };
  const display = openSweepDisplay({ output, signals, quiet: false, draw });
  const show = () => display.update([...latest.values()]);
  try {
    return await watchObjects(
      {
        ...{ type: resourceTypes.trainingSweeps, kind: 'sweep', isAtRest, exitCodeOf },
        ...{ onChange: show, onDeleted: show },
        say: (line) => display.say(line),
      },
      latest,
      place,
      context,
    );
  } finally {
    display.close();
    // The live table is wiped away at its end; its last state is worth keeping.
    if (output.isTTY === true) output.write(`${draw([...latest.values()], Infinity).join('\n')}\n`);
  }
}

function exitCodeOf(sweeps: readonly TrainingSweep[]): number {
  return sweeps.every(({ status }) => status?.phase === 'Succeeded')
    ? commandExitCodes.success
    : commandExitCodes.failed;
}
