import { join } from 'node:path';
import type { Clock } from '../../operator/base/clock.ts';
import type { Logger } from '../../operator/base/logging.ts';
import type { HostTensor } from '../tensorflow/host-tensor.ts';
import type { RankSnapshot } from './rank-protocol.ts';
import type { Replica } from './replica.ts';
import type { TrainingPosition } from './training-position.ts';

/** What is saved of one moment. */
export interface Snapshot {
  readonly tensors: readonly HostTensor[];
  readonly position: TrainingPosition;
  /** Validation top-1 of exactly these weights, if they were evaluated. */
  readonly top1?: number;
}

export interface SaveRequest extends Omit<Snapshot, 'tensors'> {
  /** Since when training stands still for this snapshot, in milliseconds of the clock. */
  readonly stalledSinceMs: number;
  /** Wait until the snapshot before is taken over and this one is written, instead of leaving this one out. */
  readonly mustSave: boolean;
}

/**
 * Writes snapshots to local disk while training goes on. At most one is in flight, from the copy of the tensors until
 * the supervisor has taken it over, so that a slow store costs checkpoints and never memory or disk.
 */
export interface SnapshotWriter {
  save(request: SaveRequest): Promise<void>;
  /** The supervisor has taken over the snapshot of this step. */
  acknowledge(step: number): void;
}

export interface SnapshotWriterOptions {
  readonly replica: Pick<Replica, 'snapshot'>;
  readonly scratchFolder: string;
  readonly best: TrainingPosition['best'];
  /** Writes a snapshot into a folder of its own, which does not exist yet. */
  readonly write: (folder: string, snapshot: Snapshot) => Promise<void>;
  /** Tells the supervisor of a written snapshot. */
  readonly announce: (snapshot: RankSnapshot) => void;
  /** A snapshot that nobody waits for could not be written. */
  readonly onFailure: (error: unknown) => void;
  readonly clock: Clock;
  readonly log: Logger;
}

export function createSnapshotWriter(options: SnapshotWriterOptions): SnapshotWriter {
  const { log } = options;
  let inFlight: { readonly step: number; readonly takenOver: PromiseWithResolvers<undefined> } | undefined;
  let best = options.best;

  async function writeOut(snapshot: Snapshot, stallSeconds: number): Promise<void> {
    const { step } = snapshot.position;
    const folder = join(options.scratchFolder, `step-${step}`);
    await options.write(folder, snapshot);
    options.announce({ type: 'snapshot', folder, step, stallSeconds });
  }

  return {
    async save(request) {
      const { step } = request.position;
      if (inFlight !== undefined && !request.mustSave) {
        log.warn({ step, inFlight: inFlight.step }, 'no checkpoint: the one before is still being saved');
        return;
      }
      await inFlight?.takenOver.promise;
      inFlight = { step, takenOver: Promise.withResolvers() };
      if (request.top1 !== undefined && request.top1 > (best?.top1 ?? -1))
        best = { step, top1: request.top1 };
      const { mustSave, stalledSinceMs, position: unmarked, ...rest } = request;
      const position = { ...unmarked, ...(best === undefined ? {} : { best }) };
      const tensors = await options.replica.snapshot();
      const stallSeconds = (options.clock.monotonicMs() - stalledSinceMs) / 1000;
      const written = writeOut({ ...rest, position, tensors }, stallSeconds);
      if (mustSave) await written;
      else written.catch(options.onFailure);
    },
    acknowledge(step) {
      if (inFlight?.step !== step) return;
      inFlight.takenOver.resolve(undefined);
      inFlight = undefined;
    },
  };
}
