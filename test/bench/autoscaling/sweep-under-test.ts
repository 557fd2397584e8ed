import type { TrainingRun } from '../../../operator/api/v1alpha1/training-run.ts';
import type { TrainingSweep } from '../../../operator/api/v1alpha1/training-sweep.ts';
import { validateTrainingSweep } from '../../../operator/api/v1alpha1/training-sweep-validate.ts';
import { parseDurationMs } from '../../../operator/base/durations.ts';
import { resourceTypes, type Cluster } from '../../../operator/cluster/cluster.ts';
import type { SimulationOptions } from './simulation.ts';
import { epochs } from './trials.ts';

/**
 * The sweep of a simulation.
 * @param speed how many times as fast as in reality the cluster is; what the sweep waits for is as much shorter
 */
export function sweepOf({ seed, trials, policy }: SimulationOptions, speed = 1): TrainingSweep {
  const { autoscaling, disruption, ...rest } = policy;
  const validation = validateTrainingSweep({
    apiVersion: 'ringmaster.dev/v1alpha1',
    kind: 'TrainingSweep',
    metadata: { name: 'sweep', namespace: 'default' },
    spec: {
      runTemplate: {
        model: { depth: 8, stem: 'small', classes: 10, imageSize: 28, channels: 1 },
        data: { format: 'fashion-mnist', train: '/data' },
        recipe: { preset: 'baseline', epochs, batchSize: 128 },
        trainers: { pods: 1, gpusPerPod: 1, ...(disruption === undefined ? {} : { disruption }) },
        checkpoints: { uri: '/checkpoints' },
      },
      parameters: [{ path: 'recipe.learningRate.base', double: { min: 0.01, max: 1, scale: 'log' } }],
      search: { algorithm: 'random', seed },
      maxTrials: trials,
      ...rest,
      ...(autoscaling === undefined ? {} : { autoscaling }),
    },
  });
  if (!validation.ok) throw new Error(JSON.stringify(validation.problems));
  return speed === 1 ? validation.sweep : hurried(validation.sweep, speed);
}

/** The sweep with its defaults, of which those that are times are so many times as short. */
function hurried(sweep: TrainingSweep, speed: number): TrainingSweep {
  const shorter = (duration: string) => `${Math.round(parseDurationMs(duration) / speed)}ms`;
  const { runTemplate, autoscaling } = sweep.spec;
  const { backoff, ...failurePolicy } = runTemplate.failurePolicy;
  return {
    ...sweep,
    spec: {
      ...sweep.spec,
      runTemplate: {
        ...runTemplate,
        failurePolicy: {
          ...failurePolicy,
          backoff: { initial: shorter(backoff.initial), max: shorter(backoff.max) },
        },
      },
      ...(autoscaling === undefined
        ? {}
        : {
            autoscaling: {
              ...autoscaling,
              startWithin: shorter(autoscaling.startWithin),
              giveBackAfter: shorter(autoscaling.giveBackAfter),
              retryAfter: shorter(autoscaling.retryAfter),
              minimumUsefulTime: shorter(autoscaling.minimumUsefulTime),
            },
          }),
    },
  };
}

/** What a sweep came to, and how often each of its runs was made. */
export class SweepWatch {
  sweep: TrainingSweep;
  readonly made = new Map<string, number>();
  /** How many trials at a time it aimed at, whenever that changed. */
  readonly targets: number[] = [];
  /** When it had finished. */
  finishedAtMs: number | undefined;
  readonly #now: () => number;

  constructor(sweep: TrainingSweep, now: () => number) {
    this.sweep = sweep;
    this.#now = now;
  }

  /** Follows it until `signal` is aborted. */
  async follow(cluster: Cluster, signal: AbortSignal): Promise<void> {
    await Promise.all([this.#followSweep(cluster, signal), this.#countRuns(cluster, signal)]);
  }

  async #followSweep(cluster: Cluster, signal: AbortSignal): Promise<void> {
    for await (const event of cluster.watch<TrainingSweep>(resourceTypes.trainingSweeps, {}, signal)) {
      if (event.type === 'synced') continue;
      this.sweep = event.object;
      const { target, completionTime } = event.object.status ?? {};
      if (target !== undefined && target !== this.targets.at(-1)) this.targets.push(target);
      if (completionTime !== undefined) this.finishedAtMs ??= this.#now();
    }
  }

  async #countRuns(cluster: Cluster, signal: AbortSignal): Promise<void> {
    for await (const event of cluster.watch<TrainingRun>(resourceTypes.trainingRuns, {}, signal)) {
      if (event.type !== 'added') continue;
      const { name } = event.object.metadata;
      this.made.set(name, (this.made.get(name) ?? 0) + 1);
    }
  }
}
