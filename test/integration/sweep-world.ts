import { onTestFinished } from 'vitest';
import type { TrainingRunStatus } from '../../operator/api/v1alpha1/status.ts';
import type { TrainingRun } from '../../operator/api/v1alpha1/training-run.ts';
import type { TrainingSweep } from '../../operator/api/v1alpha1/training-sweep.ts';
import { validateTrainingSweep } from '../../operator/api/v1alpha1/training-sweep-validate.ts';
import { systemClock, toTimestamp } from '../../operator/base/clock.ts';
import { createLogger } from '../../operator/base/logging.ts';
import { isClusterError } from '../../operator/cluster/cluster-error.ts';
import { resourceTypes, type Cluster } from '../../operator/cluster/cluster.ts';
import { sweepController } from '../../operator/controllers/sweep-controller.ts';
import { until } from './small-world.ts';

const namespace = 'default';
/** Epochs of the trials of the manifests for tests. */
const epochs = 8;

/** A sweep controller on a cluster, and a test that plays the run controller and the trainers. */
export interface SweepWorld {
  readonly cluster: Cluster;
  submit(manifest: object): Promise<void>;
  sweep(name: string): Promise<TrainingSweep | undefined>;
  runs(): Promise<TrainingRun[]>;
  /** Starts a controller, on a cluster that may be broken in some way; it ends with the test. */
  startController(cluster?: Cluster): { readonly stop: () => Promise<void> };
  /** Trains every run that is not suspended an epoch further, and lets those that are come to rest. */
  trainEpoch(): Promise<void>;
  /** Waits until the sweep is as a test wants it. */
  reaches(name: string, holds: (sweep: TrainingSweep) => boolean | Promise<boolean>): Promise<TrainingSweep>;
}

export function openSweepWorld(cluster: Cluster): SweepWorld {
  const sweep: SweepWorld['sweep'] = (name) =>
    cluster.get<TrainingSweep>(resourceTypes.trainingSweeps, { namespace, name });
  const runs = () => cluster.list<TrainingRun>(resourceTypes.trainingRuns, { namespace });
  return {
    cluster,
    sweep,
    runs,
    submit: async (manifest) => {
      const validation = validateTrainingSweep(JSON.parse(JSON.stringify(manifest)));
      if (!validation.ok) throw new Error(JSON.stringify(validation.problems));
      await cluster.create<TrainingSweep>(resourceTypes.trainingSweeps, validation.sweep);
    },
    startController: (seen = cluster) => {
      const lifetime = new AbortController();
      const ended = sweepController({
        cluster: seen,
        clock: systemClock,
        log: createLogger('silent'),
        settings: { statusIntervalMs: 20, cacheTimeoutMs: 500 },
        signal: lifetime.signal,
      });
      const stop = async () => {
        lifetime.abort();
        await ended;
      };
      onTestFinished(stop);
      return { stop };
    },
    trainEpoch: async () => {
      for (const run of await runs()) {
        const status = statusAfterEpoch(run);
        if (status === undefined) continue;
        const { name } = run.metadata;
        const patching = cluster.patchStatus<TrainingRun>(
          resourceTypes.trainingRuns,
          { namespace, name },
          { status },
        );
        // Its sweep may have been deleted meanwhile.
        await patching.catch((error: unknown) => {
          if (!isClusterError(error, 'NotFound')) throw error;
        });
      }
    },
    reaches: async (name, holds) => {
      let last: TrainingSweep | undefined;
      await until(
        async () => {
          last = await sweep(name);
          return last !== undefined && (await holds(last));
        },
        () => `the sweep is ${JSON.stringify(last?.status)}`,
      );
      if (last === undefined) throw new Error('the sweep is gone');
      return last;
    },
  };
}

function statusAfterEpoch({ spec, status }: TrainingRun): TrainingRunStatus | undefined {
  if (status?.phase === 'Succeeded' || status?.phase === 'Failed') return undefined;
  if (spec.suspend) return status?.phase === 'Suspended' ? undefined : { phase: 'Suspended' };
  const epoch = (status?.progress?.epoch ?? 0) + 1;
  const top1 = 0.9 - 0.1 * Math.abs(Math.log10((spec.recipe.learningRate?.base ?? 1) / 0.1)) - 0.2 / epoch;
  return {
    phase: epoch === epochs ? 'Succeeded' : 'Running',
    activeSeconds: epoch * 60,
    progress: {
      epoch,
      epochs,
      step: epoch,
      steps: epochs,
      percent: Math.floor((100 * epoch) / epochs),
      updatedAt: toTimestamp(systemClock.now()),
      validation: { epoch, top1, top5: top1, loss: 1 - top1 },
    },
  };
}
