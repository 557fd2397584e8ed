import type { Clock } from '../../base/clock.ts';
import type { ProcessSignals } from '../context.ts';

export type EndingSignal = 'SIGINT' | 'SIGTERM';

/** What to do when somebody presses Ctrl-C or sends SIGTERM, once and again. */
export interface InterruptionHandlers {
  readonly onFirst: () => void;
  readonly onSecond: () => void;
}

/** Signals in place of their default of ending the process at once, until `release` is called. */
export interface Interruption {
  /** The first signal that came. */
  readonly received: () => EndingSignal | undefined;
  readonly release: () => void;
}

/**
 * Signals that come so soon after the first are the same one: a terminal sends Ctrl-C to every process of its group, and
 * npm, when it is among them, sends it on once more.
 */
const sameSignalMs = 500;

/** Takes over SIGINT and SIGTERM. From the third on they have no effect: everything is ending already. */
export function takeInterruptions(
  signals: ProcessSignals,
  clock: Clock,
  handlers: InterruptionHandlers,
): Interruption {
  let first: { readonly signal: EndingSignal; readonly atMs: number } | undefined;
  let isImpatient = false;
  const handle = (signal: EndingSignal) => {
    const nowMs = clock.monotonicMs();
    if (first === undefined) {
      first = { signal, atMs: nowMs };
      handlers.onFirst();
    } else if (!isImpatient && nowMs - first.atMs >= sameSignalMs) {
      isImpatient = true;
      handlers.onSecond();
    }
  };
  const onInterrupt = () => handle('SIGINT');
  const onTerminate = () => handle('SIGTERM');
  signals.on('SIGINT', onInterrupt);
  signals.on('SIGTERM', onTerminate);
  return {
    received: () => first?.signal,
    release: () => {
      signals.off('SIGINT', onInterrupt);
      signals.off('SIGTERM', onTerminate);
    },
  };
}
