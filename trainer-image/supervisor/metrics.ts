import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { RankProgress } from '../train/rank-protocol.ts';

/**
 * The figures at `GET /metrics`. Whose they are is told by the labels that Prometheus adds to a target; the only label
 * of our own is the rank, of which a pod has at most 64.
 */
export interface TrainerMetrics {
  noteProgress(rank: number, message: RankProgress): void;
  noteCheckpoint(checkpoint: CommittedCheckpoint): void;
  noteCheckpointStall(seconds: number): void;
  noteCheckpointFailure(): void;
  readonly contentType: string;
  text(): Promise<string>;
}

/** One checkpoint as it is counted. */
export interface CommittedCheckpoint {
  readonly durationSeconds: number;
  readonly sizeBytes: number;
  readonly savedAtMs: number;
}

/** From a step of a small network on a CPU to one of a large batch on a shared GPU. */
const stepBuckets = [0.01, 0.025, 0.05, 0.1, 0.15, 0.2, 0.3, 0.5, 0.75, 1, 1.5, 2.5, 5, 10, 30, 60];
/** From a small network on a CPU to a large one whose copy waits for the snapshot before. */
const stallBuckets = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.15, 0.25, 0.5, 1, 2.5, 10];
const checkpointBuckets = [0.01, 0.05, 0.1, 0.5, 1, 5, 10, 30, 60, 300, 900];

export function createTrainerMetrics(): TrainerMetrics {
  const registry = new Registry();
  const named = (name: string, help: string) => ({
    name: `ringmaster_trainer_${name}`,
    help,
    registers: [registry],
  });
  const perRank = (name: string, help: string) => ({ ...named(name, help), labelNames: ['rank'] as const });
  /** A gauge that is absent until it is set: a loss of zero would be a lie, as most pods never have one. */
  const gauge = (name: string, help: string) => {
    const made = new Gauge(named(name, help));
    made.remove();
    return made;
  };

  const images = new Counter(
    named('images_total', 'Training images of all ranks together, as rank 0 counts them.'),
  );
  const stepSeconds = new Histogram({
    ...perRank('step_seconds', 'Duration of a training step, all-reduce included.'),
    buckets: stepBuckets,
  });
  const dataWait = new Counter(
    perRank('data_wait_seconds_total', 'Time in which a rank waited for its next batch.'),
  );
  const allReduce = new Counter(
    perRank(
      'all_reduce_seconds_total',
      'Time in which an all-reduce was under way, waiting for slower ranks included.',
    ),
  );
  const exposedAllReduce = new Counter(
    perRank(
      'all_reduce_exposed_seconds_total',
      'The part of all_reduce_seconds_total in which a rank had its whole gradient, and only waited for the sum.',
    ),
  );
  const unreadableImages = new Counter(
    perRank('unreadable_images_total', 'Images that could not be decoded.'),
  );
  const skippedSteps = new Counter(
    named('skipped_steps_total', 'Steps without an update, because of an overflow.'),
  );
  const loss = gauge('loss', 'Training loss of the last step.');
  const learningRate = gauge('learning_rate', 'Learning rate of the last step.');
  const gradientNorm = gauge('gradient_norm', 'L2 norm of the gradient of the last step.');
  const lossScale = gauge('loss_scale', 'Loss scale of the last step.');
  const teacherDivergence = gauge(
    'teacher_divergence',
    'Divergence from the teacher at the temperature of distillation.',
  );
  const epoch = gauge('epoch', 'Finished epochs, with a fraction.');
  const top1 = gauge('validation_top1_ratio', 'Top-1 accuracy of the last evaluation, 0 to 1.');
  const top5 = gauge('validation_top5_ratio', 'Top-5 accuracy of the last evaluation, 0 to 1.');
  const validationLoss = gauge('validation_loss', 'Mean cross-entropy of the last evaluation.');
  const plannedEpochs = gauge('planned_epochs', 'Epochs that the run will train in all.');
  const memory = new Gauge(perRank('resident_memory_bytes', 'Resident memory of a rank process.'));
  const checkpointSeconds = new Histogram({
    ...named('checkpoint_duration_seconds', 'Time from a snapshot on disk to a committed checkpoint.'),
    buckets: checkpointBuckets,
  });
  const stallSeconds = new Histogram({
    ...named('checkpoint_stall_seconds', 'Time in which training stood still for a snapshot.'),
    buckets: stallBuckets,
  });
  const lastCheckpoint = gauge(
    'checkpoint_last_success_timestamp_seconds',
    'When a checkpoint was last committed, in Unix time.',
  );
  const checkpointBytes = new Counter(
    named('checkpoint_bytes_total', 'Bytes of the checkpoints that were committed.'),
  );
  const checkpointFailures = new Counter(
    named('checkpoint_failures_total', 'Attempts to commit a checkpoint that failed.'),
  );

  return {
    noteProgress(rank, { metrics, progress }) {
      if (progress !== undefined) {
        epoch.set(progress.epoch);
        plannedEpochs.set(progress.epochs);
        if (progress.validation !== undefined) {
          top1.set(progress.validation.top1);
          top5.set(progress.validation.top5);
          validationLoss.set(progress.validation.loss);
        }
      }
      if (metrics === undefined) return;
      const label = { rank: String(rank) };
      for (const seconds of metrics.stepSeconds) stepSeconds.observe(label, seconds);
      dataWait.inc(label, metrics.dataWaitSeconds);
      if (metrics.allReduceSeconds !== undefined) {
        allReduce.inc(label, metrics.allReduceSeconds.total);
        exposedAllReduce.inc(label, metrics.allReduceSeconds.exposed);
      }
      memory.set(label, metrics.residentMemoryBytes);
      unreadableImages.inc(label, metrics.unreadableImages);
      if (rank !== 0) return;
      images.inc(metrics.images);
      skippedSteps.inc(metrics.skippedSteps);
      if (metrics.loss !== undefined) loss.set(metrics.loss);
      learningRate.set(metrics.learningRate);
      if (metrics.gradientNorm !== undefined) gradientNorm.set(metrics.gradientNorm);
      lossScale.set(metrics.lossScale);
      if (metrics.teacherDivergence !== undefined) teacherDivergence.set(metrics.teacherDivergence);
    },
    noteCheckpoint({ durationSeconds, sizeBytes, savedAtMs }) {
      checkpointSeconds.observe(durationSeconds);
      checkpointBytes.inc(sizeBytes);
      lastCheckpoint.set(savedAtMs / 1000);
    },
    noteCheckpointStall(seconds) {
      stallSeconds.observe(seconds);
    },
    noteCheckpointFailure() {
      checkpointFailures.inc();
    },
    contentType: registry.contentType,
    text: () => registry.metrics(),
  };
}
