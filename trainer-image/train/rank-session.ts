import type { Clock } from '../../operator/base/clock.ts';
import type { Logger } from '../../operator/base/logging.ts';
import type { ShardCache } from '../data/source/shard-cache.ts';
import { openTrainingInput } from '../data/training-input.ts';
import { resNet } from '../model/resnet.ts';
import { buildReplica, tensorFlowOnce } from './build-replica.ts';
import { createProgressReporter } from './progress-reporter.ts';
import { createPodCache } from './pod-cache.ts';
import type { FromRank, RankAssignment, ToRank } from './rank-protocol.ts';
import { openRankCheckpoints } from './rank-checkpoints.ts';
import { createSnapshotWriter, type SnapshotWriter } from './snapshot-writer.ts';
import { teacherOf } from './teacher.ts';
import { train } from './training-loop.ts';
import { planTraining } from './training-plan.ts';

export interface RankSession {
  /** Asks for a stop after the same step on all ranks. */
  stop(): void;
  /** The supervisor has taken over the snapshot of this step. */
  acknowledge(step: number): void;
  /** The supervisor answers a request for a shard. */
  answer(message: Extract<ToRank, { type: 'fetched' }>): void;
  /** Resolves when training has finished or stopped. Rejects with what made it fail. */
  readonly ended: Promise<FromRank>;
}

export interface RankSessionOptions {
  readonly assignment: RankAssignment;
  readonly send: (message: FromRank) => void;
  /** Called with what went wrong where nobody waits for it. */
  readonly onFailure: (error: unknown) => void;
  readonly residentMemoryBytes: () => number;
  readonly clock: Clock;
  readonly log: Logger;
}

/** One rank's work from its assignment to the end. */
export function startRankSession(options: RankSessionOptions): RankSession {
  let stopRequested = false;
  const snapshots = Promise.withResolvers<SnapshotWriter | undefined>();
  const cache = createPodCache(options.send);
  return {
    stop() {
      stopRequested = true;
    },
    acknowledge(step) {
      void snapshots.promise.then((writer) => {
        writer?.acknowledge(step);
      });
    },
    answer: (message) => {
      cache.answer(message);
    },
    ended: run(options, cache, () => stopRequested, snapshots.resolve),
  };
}

async function run(
  { assignment, send, onFailure, residentMemoryBytes, clock, log }: RankSessionOptions,
  cache: ShardCache,
  stopRequested: () => boolean,
  provideSnapshots: (writer: SnapshotWriter | undefined) => void,
): Promise<FromRank> {
  const { spec, rank, worldSize, threads, storage, indexFiles } = assignment;
  const leads = rank === 0;
  // Data first: it fails sooner and more clearly than TensorFlow starts.
  const tensorflow = tensorFlowOnce(assignment);
  let unreadableImages = 0;
  const input = await openTrainingInput(
    spec,
    { rank, worldSize },
    {
      native: () => tensorflow().native,
      threads,
      storage,
      ...(assignment.cached ? { cache } : {}),
      ...(indexFiles === undefined ? {} : { indexFiles }),
      onUnreadable: () => {
        unreadableImages += 1;
      },
    },
  );
  const plan = planTraining(spec, input.stepsPerEpoch);
  const network = resNet(spec.model);
  // Before TensorFlow starts: a teacher that does not fit is said sooner.
  const teacher = await teacherOf(spec, storage);
  const checkpoints = openRankCheckpoints({
    assignment,
    network,
    dataFingerprint: input.fingerprint,
    teacherHash: teacher?.hash,
    tensorflowVersion: () => tensorflow().version,
    epochsAt: plan.epochsAt,
    clock,
    log,
  });
  const replica = await buildReplica(network, spec, { tensorflow, teacher });
  // Neither is closed: a rank's memory ends with its process, and a failure must be reported without delay.
  const from = await checkpoints.restore(replica);
  log.info(
    { step: from.step, steps: plan.steps, parameters: replica.parameterCount, worldSize },
    from.step === 0 ? 'training starts' : 'training continues',
  );
  const snapshots = leads
    ? createSnapshotWriter({
        replica,
        scratchFolder: assignment.scratchFolder,
        best: from.best,
        write: (folder, snapshot) => checkpoints.write(folder, snapshot),
        announce: send,
        onFailure,
        clock,
        log,
      })
    : undefined;
  provideSnapshots(snapshots);
  const reporter = createProgressReporter({
    ...{ plan, from, leads, report: send, residentMemoryBytes, clock },
    unreadableImages: () => unreadableImages,
  });
  const { recipe } = spec;
  const parts = { replica, input, plan, recipe, from, snapshots, reporter, stopRequested, clock, log };
  const outcome = await train(parts);
  if (outcome.how === 'stopped') return { type: 'stopped', step: outcome.step };
  return { type: 'finished', ...(leads ? { result: outcome.result } : {}) };
}
