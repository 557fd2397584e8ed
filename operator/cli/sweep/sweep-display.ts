import type { TrainingSweep } from '../../api/v1alpha1/training-sweep.ts';
import type { ProcessSignals, TextOutput } from '../context.ts';
import { openLiveRegion } from '../display/live-region.ts';
import { nameOf } from '../display/run-block.ts';
import { columnsOf, rowsOf } from '../display/terminal-size.ts';
import { changesOfTrials, describeSweep, drawTrials } from '../sweep-table.ts';

/** Shows sweeps while they are going. */
export interface SweepDisplay {
  /** New versions of sweeps, all those that are to be shown. */
  update(sweeps: readonly TrainingSweep[]): void;
  /** A line for the person, now and for good. */
  say(line: string): void;
  /** May be called more than once. */
  close(): void;
}

export interface SweepDisplaySettings {
  readonly output: TextOutput;
  readonly signals: ProcessSignals;
  /** Nothing is shown but what is said. */
  readonly quiet: boolean;
  /** What a terminal shows in so many lines. Default: the trials of the one sweep. */
  readonly draw?: (sweeps: readonly TrainingSweep[], rows: number) => readonly string[];
}

/** A table that is drawn over on a terminal, a line for each change elsewhere. */
export function openSweepDisplay({
  output,
  signals,
  quiet,
  draw = drawTrialsOf,
}: SweepDisplaySettings): SweepDisplay {
  const region = !quiet && output.isTTY === true ? openLiveRegion(output, signals) : undefined;
  const last = new Map<string | undefined, TrainingSweep>();
  let isOpen = true;
  const tell = (sweep: TrainingSweep) => {
    const before = last.get(sweep.metadata.uid);
    for (const line of changesOfTrials(before, sweep)) output.write(`${line}\n`);
    if (before?.status?.phase !== sweep.status?.phase)
      output.write(`${nameOf(sweep)} ${describeSweep(sweep).slice(sweep.metadata.name.length + 2)}\n`);
  };
  return {
    update: (sweeps) => {
      const width = columnsOf(output) - 1;
      if (region !== undefined)
        region.draw(draw(sweeps, rowsOf(output) - 1).map((line) => line.slice(0, width)));
      else if (!quiet) for (const sweep of sweeps) tell(sweep);
      for (const sweep of sweeps) last.set(sweep.metadata.uid, sweep);
    },
    say: (line) => {
      if (region === undefined) output.write(`${line}\n`);
      else region.print([line]);
    },
    close: () => {
      if (isOpen) region?.close();
      isOpen = false;
    },
  };
}

function drawTrialsOf(sweeps: readonly TrainingSweep[], rows: number): string[] {
  return sweeps.flatMap((sweep) => drawTrials(sweep, rows));
}
