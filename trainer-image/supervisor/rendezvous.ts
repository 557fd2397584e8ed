import * as z from 'zod';
import { Fenced } from '../checkpoint/fenced.ts';

/** What a pod says of itself when it comes to the meeting. */
export const Registration = z.object({
  runUid: z.string().max(64),
  attempt: z.int().min(1),
  podIndex: z.int().min(0),
  /** `host:port` of each of its ranks' collective servers, by local rank. */
  addresses: z.array(z.string().max(300)).min(1).max(64),
});
export type Registration = z.output<typeof Registration>;

/** What every pod learns once all are there. */
export const Meeting = z.object({
  /** `host:port` of every rank's collective server, by global rank. */
  addresses: z.array(z.string()),
  /** Folder of the checkpoint to continue from; absent to start from scratch. */
  restoreFrom: z.string().optional(),
});
export type Meeting = z.output<typeof Meeting>;

/** Who may come: fixed when the pods are made. */
export interface Guests {
  readonly runUid: string;
  readonly attempt: number;
  readonly pods: number;
  readonly ranksPerPod: number;
}

/** The place in pod 0 where the pods of one attempt learn each other's addresses. */
export interface Rendezvous {
  /**
   * Notes a pod's addresses. A pod may say the same again, as after a lost answer.
   * @throws Fenced for a pod of another run or attempt, or one too many
   */
  register(registration: Registration): void;
  /** Resolves when all pods are registered and the starting point is chosen. */
  readonly meeting: Promise<Meeting>;
  /** Indices of pods that have not come yet. */
  missing(): number[];
}

/**
 * @param restoreFrom chosen once, here, so that no two ranks can restore different checkpoints
 */
export function createRendezvous(guests: Guests, restoreFrom: Promise<string | undefined>): Rendezvous {
  const registered = new Map<number, readonly string[]>();
  const complete = Promise.withResolvers<undefined>();

  const missing = () =>
    Array.from({ length: guests.pods }, (_, index) => index).filter((index) => !registered.has(index));

  return {
    missing,
    register(registration) {
      refuseStrangers(guests, registration);
      const known = registered.get(registration.podIndex);
      if (known !== undefined && known.join() !== registration.addresses.join()) {
        throw new Fenced(
          `Pod ${registration.podIndex} has met here as ${known.join()} and cannot also be ${registration.addresses.join()}.`,
        );
      }
      registered.set(registration.podIndex, registration.addresses);
      if (registered.size === guests.pods) complete.resolve(undefined);
    },
    // Fails as soon as no checkpoint can be chosen, without waiting for pods that would wait in vain.
    meeting: Promise.all([restoreFrom, complete.promise]).then(([chosen]) => {
      const byPod = [...registered].toSorted(([one], [other]) => one - other);
      return {
        addresses: byPod.flatMap(([, addresses]) => addresses),
        ...(chosen === undefined ? {} : { restoreFrom: chosen }),
      };
    }),
  };
}

function refuseStrangers(guests: Guests, { runUid, attempt, podIndex, addresses }: Registration): void {
  if (runUid !== guests.runUid) {
    throw new Fenced(`Run ${runUid} wants to join, but this is run ${guests.runUid}.`);
  }
  if (attempt !== guests.attempt) {
    throw new Fenced(`Attempt ${attempt} wants to join, but this is attempt ${guests.attempt}.`);
  }
  if (podIndex >= guests.pods || addresses.length !== guests.ranksPerPod) {
    throw new Fenced(
      `Pod ${podIndex} with ${addresses.length} ranks wants to join ${guests.pods} pods of ${guests.ranksPerPod}.`,
    );
  }
}
