import type { ProcessSignals } from '../context.ts';

export type EndingSignal = 'SIGINT' | 'SIGTERM';

/** What to do when somebody presses Ctrl-C or sends SIGTERM, once and again. */
export interface InterruptionHandlers {
  readonly onFirst: (signal: EndingSignal) => void;
  readonly onSecond: () => void;
}

/** Signals in place of their default of ending the process at once, until `release` is called. */
export interface Interruption {
  /** The first signal that came. */
  readonly received: () => EndingSignal | undefined;
  readonly release: () => void;
}

/** Takes over SIGINT and SIGTERM. From the third on they have no effect: everything is ending already. */
export function takeInterruptions(signals: ProcessSignals, handlers: InterruptionHandlers): Interruption {
  let received: EndingSignal | undefined;
  let count = 0;
  const handle = (signal: EndingSignal) => {
    count += 1;
    if (count === 1) {
      received = signal;
      handlers.onFirst(signal);
    } else if (count === 2) {
      handlers.onSecond();
    }
  };
  const onInterrupt = () => handle('SIGINT');
  const onTerminate = () => handle('SIGTERM');
  signals.on('SIGINT', onInterrupt);
  signals.on('SIGTERM', onTerminate);
  return {
    received: () => received,
    release: () => {
      signals.off('SIGINT', onInterrupt);
      signals.off('SIGTERM', onTerminate);
    },
  };
}
