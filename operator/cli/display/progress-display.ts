import type { TrainingRun } from '../../api/v1alpha1/training-run.ts';
import type { Clock } from '../../base/clock.ts';
import type { ProcessSignals, TextOutput } from '../context.ts';
import { openLiveRegion } from './live-region.ts';
import { noticesBetween } from './notices.ts';
import { initialPlainState, plainLines } from './plain-lines.ts';
import { drawRunBlock, type BlockSettings } from './run-block.ts';
import type { Style } from './style.ts';
import { columnsOf, rowsOf } from './terminal-size.ts';

/** Shows runs while they are going. */
export interface ProgressDisplay {
  /** A new version of a run. */
  update(run: TrainingRun): void;
  /** A run is gone. */
  forget(run: TrainingRun): void;
  /** A line for the person, now and for good. */
  say(line: string): void;
  close(): Promise<void>;
}

export interface DisplaySettings {
  readonly output: TextOutput;
  readonly signals: ProcessSignals;
  readonly clock: Clock;
  readonly style: Style;
  /** Nothing is shown but what is said. */
  readonly quiet: boolean;
  /** What a live display shows. Default: a block of two lines for each run. */
  readonly draw?: DrawRuns;
}

/** Draws runs on at most so many rows and columns. */
export type DrawRuns = (
  runs: readonly TrainingRun[],
  settings: BlockSettings & { readonly rows: number },
) => string[];

/** Time between two frames: new figures come about once a second, the estimate counts down by seconds. */
const frameIntervalMs = 200;

/** A live display on a terminal, plain lines elsewhere. */
export function openProgressDisplay(settings: DisplaySettings): ProgressDisplay {
  if (settings.quiet) return quietDisplay(settings.output);
  return settings.output.isTTY === true ? liveDisplay(settings) : plainDisplay(settings);
}

function quietDisplay(output: TextOutput): ProgressDisplay {
  return {
    update: () => undefined,
    forget: () => undefined,
    say: (line) => output.write(`${line}\n`),
    close: () => Promise.resolve(),
  };
}

function plainDisplay({ output, clock }: DisplaySettings): ProgressDisplay {
  const states = new Map<string | undefined, typeof initialPlainState>();
  return {
    update: (run) => {
      const before = states.get(run.metadata.uid) ?? initialPlainState;
      const { lines, state } = plainLines(before, run, clock.now());
      states.set(run.metadata.uid, state);
      for (const line of lines) output.write(`${line}\n`);
    },
    forget: ({ metadata }) => states.delete(metadata.uid),
    say: (line) => output.write(`${line}\n`),
    close: () => Promise.resolve(),
  };
}

function liveDisplay({ output, signals, clock, style, draw = drawBlocks }: DisplaySettings): ProgressDisplay {
  const runs = new Map<string | undefined, TrainingRun>();
  const region = openLiveRegion(output, signals);
  const closing = new AbortController();
  const drawFrames = async () => {
    while (!closing.signal.aborted) {
      const size = { width: columnsOf(output) - 1, rows: rowsOf(output) - 1 };
      // Before the first run is known there is nothing to say of how many there are.
      const lines = runs.size === 0 ? [] : draw([...runs.values()], { ...size, style, nowMs: clock.now() });
      region.draw(lines);
      await clock.sleep(frameIntervalMs, closing.signal);
    }
  };
  const drawing = drawFrames();
  return {
    update: (run) => {
      region.print(noticesBetween(runs.get(run.metadata.uid), run, clock.now()));
      runs.set(run.metadata.uid, run);
    },
    forget: ({ metadata }) => runs.delete(metadata.uid),
    say: (line) => region.print(line.split('\n')),
    close: async () => {
      closing.abort();
      await drawing;
      region.close();
    },
  };
}

function drawBlocks(runs: readonly TrainingRun[], settings: BlockSettings): string[] {
  return runs.flatMap((run) => drawRunBlock(run, settings));
}
