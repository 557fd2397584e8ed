import { cpus } from 'node:os';
import { readCheckpoint } from '../checkpoint/read-checkpoint.ts';
import { requireCompatible } from '../checkpoint/resume-compatibility.ts';
import { writeSnapshot } from '../checkpoint/write-snapshot.ts';
import { toTimestamp, type Clock } from '../../operator/base/clock.ts';
import type { Logger } from '../../operator/base/logging.ts';
import type { Network } from '../model/network.ts';
import { openStorage } from '../storage/open-storage.ts';
import { fromCheckpointLayout, toCheckpointLayoutInTurns } from './checkpoint-tensors.ts';
import { hashTensorsInTurns } from './hash-tensors.ts';
import { pretrainedClasses, readPretrained, startFrom } from './pretrained-weights.ts';
import type { RankAssignment } from './rank-protocol.ts';
import type { Replica } from './replica.ts';
import type { Snapshot } from './snapshot-writer.ts';
import { untrained, type TrainingPosition } from './training-position.ts';

/** A rank's side of checkpoints: reading the one to continue from, and writing snapshots of its own. */
export interface RankCheckpoints {
  /**
   * Puts the checkpoint of the assignment into the replica, or, where there is none, the pretrained weights that the
   * model names, if any.
   * @returns where training continues
   * @throws IncompatibleCheckpoint naming the fields that were changed since, or the tensor that does not fit
   */
  restore(replica: Replica): Promise<TrainingPosition>;
  /** Writes a snapshot into a folder of its own. */
  write(folder: string, snapshot: Snapshot): Promise<void>;
}

export interface RankCheckpointsOptions {
  readonly assignment: RankAssignment;
  readonly network: Network;
  /** `TrainingInput.fingerprint` */
  readonly dataFingerprint: string;
  /** `Teacher.hash`, if there is a teacher. */
  readonly teacherHash: string | undefined;
  /** Asked for when something is saved. */
  readonly tensorflowVersion: () => string;
  readonly epochsAt: (step: number) => number;
  readonly clock: Clock;
  readonly log: Logger;
}

export function openRankCheckpoints(options: RankCheckpointsOptions): RankCheckpoints {
  const { assignment, network, dataFingerprint, teacherHash, tensorflowVersion, epochsAt, clock, log } =
    options;
  const { spec, restoreFrom, attempt, worldSize, threads, storage } = assignment;
  return {
    async restore(replica) {
      if (restoreFrom === undefined) {
        const { pretrained } = spec.model;
        if (pretrained !== undefined) {
          const tensors = await readPretrained(pretrained, storage);
          await replica.restore(startFrom(tensors, network, await replica.snapshot(), pretrained));
          const itsClasses = pretrainedClasses(tensors);
          log.info(
            { pretrained, classesOfWeights: itsClasses ?? 'no classifier', classes: network.classes },
            itsClasses === network.classes
              ? 'training starts from pretrained weights'
              : 'training starts from pretrained weights and a new classifier, as they have none of these classes',
          );
        }
        return untrained;
      }
      const { tensors, state } = await readCheckpoint(openStorage(restoreFrom, storage), '');
      const changed = requireCompatible(state, spec, { dataFingerprint, teacherHash });
      if (changed.length > 0) log.info({ changed }, 'training continues with changes that were asked for');
      await replica.restore(fromCheckpointLayout(tensors, network));
      const { step, history, best, lossScale, epochLoss, trainSeconds } = state;
      return {
        ...{ step, history, trainSeconds },
        ...(best === undefined ? {} : { best }),
        ...(lossScale === undefined ? {} : { lossScale }),
        ...(epochLoss === undefined ? {} : { epochLoss }),
      };
    },
    async write(folder, { tensors, position, top1 }) {
      await writeSnapshot(folder, await toCheckpointLayoutInTurns(tensors, network), {
        version: 1,
        ...position,
        history: [...position.history],
        epoch: epochsAt(position.step),
        attempt,
        worldSize,
        spec,
        dataFingerprint,
        ...(teacherHash === undefined ? {} : { teacherHash }),
        weightsHash: await hashTensorsInTurns(tensors),
        ...(top1 === undefined ? {} : { top1 }),
        savedAt: toTimestamp(clock.now()),
        environment: {
          tensorflow: tensorflowVersion(),
          node: process.versions.node,
          processor: cpus()[0]?.model.trim() ?? '',
          threadsPerRank: threads,
        },
      });
    },
  };
}
