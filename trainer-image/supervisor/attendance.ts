import * as z from 'zod';
import type { Clock } from '../../operator/base/clock.ts';
import { Fenced } from '../checkpoint/fenced.ts';
import type { Guests } from './rendezvous.ts';
import type { Verdict } from './root-cause.ts';

/*
 * TensorFlow tells a rank that a peer is gone only if it was talking to that peer: a rank that waits for one that
 * died before its part of a collective began would wait for ever. Inside a pod the supervisor sees every death; between pods
 * the supervisors keep in touch, all with pod 0.
 */

/** How often a pod says that it is there. */
export const beatMs = 2000;
/** Silence of a pod that means it is gone: some beats may be late on a machine that is busy or changes its network. */
export const silenceMs = 15_000;

/** A sign of life from a pod to pod 0, or its farewell. */
export const Beat = z.object({
  runUid: z.string().max(64),
  attempt: z.int().min(1),
  podIndex: z.int().min(0),
  leaving: z.enum(['well', 'failed']).optional(),
});
export type Beat = z.output<typeof Beat>;

/** What ends this pod because of another. */
export interface PeerLoss {
  readonly how: 'failed';
  readonly verdict: Verdict;
}

export function peerLoss(message: string): PeerLoss {
  return { how: 'failed', verdict: { reason: 'PeerLost', message } };
}

/** Pod 0's list of the others. */
export interface Attendance {
  /** @throws Fenced for a pod that does not belong here */
  hear(beat: Beat): void;
  /** Resolves when a pod left in failure or fell silent; otherwise never. */
  readonly lost: Promise<PeerLoss>;
}

/** Begins to count silence at once, so it is made when all pods have met. */
export function takeAttendance(
  { runUid, attempt, pods }: Guests,
  clock: Clock,
  signal: AbortSignal,
): Attendance {
  const lost = Promise.withResolvers<PeerLoss>();
  const heardAtMs = new Map(Array.from({ length: pods - 1 }, (_, index) => [index + 1, clock.monotonicMs()]));

  async function listen(): Promise<void> {
    while (!signal.aborted && heardAtMs.size > 0) {
      await clock.sleep(beatMs, signal);
      for (const [podIndex, atMs] of heardAtMs) {
        if (clock.monotonicMs() - atMs < silenceMs) continue;
        lost.resolve(peerLoss(`Pod ${podIndex} has not been heard of for ${silenceMs / 1000} s.`));
        return;
      }
    }
  }
  void listen();

  return {
    lost: lost.promise,
    hear(beat) {
      if (beat.runUid !== runUid || beat.attempt !== attempt || !heardAtMs.has(beat.podIndex)) {
        throw new Fenced(
          `Pod ${beat.podIndex} of attempt ${beat.attempt} is not one of this attempt, ${attempt}.`,
        );
      }
      if (beat.leaving === undefined) heardAtMs.set(beat.podIndex, clock.monotonicMs());
      else heardAtMs.delete(beat.podIndex);
      if (beat.leaving === 'failed') lost.resolve(peerLoss(`Pod ${beat.podIndex} has failed.`));
    },
  };
}
