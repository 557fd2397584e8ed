import type { Clock } from '../../operator/base/clock.ts';
import { describeError, systemErrorCode } from '../../operator/base/errors.ts';
import { beatMs, peerLoss, silenceMs, type Beat, type PeerLoss } from './attendance.ts';

/** Refusals in a row that mean pod 0 has ended: its supervisor listens as long as it lives, and is never started again. */
const refusalsThatMeanGone = 2;
const requestTimeoutMs = 5000;

export interface AttendOptions {
  readonly self: Omit<Beat, 'leaving'>;
  /** `http://host:port` of pod 0; looked up anew each time. */
  readonly leaderUrl: () => Promise<string>;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

/** Keeps telling pod 0 that this pod is there, until `signal` is aborted. Resolves only if pod 0 is lost. */
export function attend(options: AttendOptions): Promise<PeerLoss> {
  const lost = Promise.withResolvers<PeerLoss>();
  void keepAttending(options, lost.resolve);
  return lost.promise;
}

/** Tells pod 0 that this pod ends, so that it need not find out. What goes wrong is of no consequence any more. */
export async function bidFarewell(options: AttendOptions, leaving: Beat['leaving']): Promise<void> {
  await send(options, { ...options.self, leaving }).catch(() => undefined);
}

async function keepAttending(options: AttendOptions, lose: (loss: PeerLoss) => void): Promise<void> {
  const { clock, signal } = options;
  let answeredAtMs = clock.monotonicMs();
  let refusals = 0;
  while (!signal.aborted) {
    try {
      const status = await send(options, options.self);
      if (status === 409) {
        lose(peerLoss('Pod 0 belongs to another attempt.'));
        return;
      }
      answeredAtMs = clock.monotonicMs();
      refusals = 0;
    } catch (error) {
      refusals = isRefusal(error) ? refusals + 1 : 0;
      if (refusals >= refusalsThatMeanGone || clock.monotonicMs() - answeredAtMs >= silenceMs) {
        lose(peerLoss(`Pod 0 does not answer any more: ${describeError(error)}`));
        return;
      }
    }
    await clock.sleep(beatMs, signal);
  }
}

async function send({ leaderUrl, signal }: AttendOptions, beat: Beat): Promise<number> {
  const response = await fetch(`${await leaderUrl()}/attendance`, {
    method: 'POST',
    body: JSON.stringify(beat),
    signal: AbortSignal.any([signal, AbortSignal.timeout(requestTimeoutMs)]),
  });
  await response.arrayBuffer();
  return response.status;
}

/** `fetch` wraps the system's error. */
function isRefusal(error: unknown): boolean {
  return error instanceof Error && systemErrorCode(error.cause) === 'ECONNREFUSED';
}
