import { describe, expect, it } from 'vitest';
import { createTrainerMetrics } from './metrics.ts';

const stepMetrics = {
  ...{ images: 256, stepSeconds: [0.04, 0.06], dataWaitSeconds: 0.5, loss: 1.5, learningRate: 0.1 },
  ...{ gradientNorm: 2, lossScale: 1, skippedSteps: 0, unreadableImages: 0, residentMemoryBytes: 1e9 },
};
const message = (rank: number) => ({
  type: 'progress' as const,
  state: 'Training' as const,
  step: rank,
  metrics: stepMetrics,
});

describe('the metrics of a pod', () => {
  it('add up from message to message, images once for all ranks', async () => {
    const metrics = createTrainerMetrics();
    for (const rank of [0, 1, 0]) metrics.noteProgress(rank, message(rank));
    const text = await metrics.text();
    expect(text).toContain('ringmaster_trainer_images_total 512\n');
    expect(text).toContain('ringmaster_trainer_step_seconds_count{rank="0"} 4\n');
    expect(text).toContain('ringmaster_trainer_data_wait_seconds_total{rank="1"} 0.5\n');
    expect(text).toContain('ringmaster_trainer_resident_memory_bytes{rank="1"} 1000000000\n');
  });

  it('tell how long ranks were in all-reduces, if there are several', async () => {
    const metrics = createTrainerMetrics();
    metrics.noteProgress(0, message(0));
    expect(await metrics.text()).not.toMatch(/^ringmaster_trainer_all_reduce/m);
    const allReduceSeconds = { total: 0.5, exposed: 0.25 };
    const timed = { ...message(1), metrics: { ...stepMetrics, allReduceSeconds } };
    for (let count = 0; count < 2; count++) metrics.noteProgress(1, timed);
    const text = await metrics.text();
    expect(text).toContain('ringmaster_trainer_all_reduce_seconds_total{rank="1"} 1\n');
    expect(text).toContain('ringmaster_trainer_all_reduce_exposed_seconds_total{rank="1"} 0.5\n');
  });

  it('tell how far training is and how good the network', async () => {
    const metrics = createTrainerMetrics();
    const validation = { epoch: 3, top1: 0.7, top5: 0.9, loss: 1.25 };
    const updatedAt = '2026-01-01T00:00:00Z';
    const progress = { epoch: 3.5, epochs: 120, step: 7, steps: 240, percent: 2, validation, updatedAt };
    metrics.noteProgress(0, { ...message(0), progress });
    const text = await metrics.text();
    expect(text).toContain('ringmaster_trainer_planned_epochs 120\n');
    expect(text).toContain('ringmaster_trainer_epoch 3.5\n');
    expect(text).toContain('ringmaster_trainer_validation_top1_ratio 0.7\n');
    expect(text).toContain('ringmaster_trainer_validation_top5_ratio 0.9\n');
    expect(text).toContain('ringmaster_trainer_validation_loss 1.25\n');
  });

  it('leave out what is not known: a pod without rank 0 tells no loss and no accuracy', async () => {
    const metrics = createTrainerMetrics();
    metrics.noteProgress(3, message(3));
    const text = await metrics.text();
    const absent = ['loss', 'learning_rate', 'epoch', 'validation_top1_ratio', 'checkpoint_last_success'];
    for (const name of absent) expect(text).not.toMatch(new RegExp(`^ringmaster_trainer_${name}`, 'm'));
    metrics.noteProgress(0, message(0));
    expect(await metrics.text()).toContain('ringmaster_trainer_loss 1.5\n');
  });

  it('belong to one pod: another in the same process starts at zero', async () => {
    createTrainerMetrics().noteProgress(0, message(0));
    expect(await createTrainerMetrics().text()).toContain('ringmaster_trainer_images_total 0\n');
  });

  it('follow the conventions: prefix, help, base units, no label but the rank', async () => {
    const metrics = createTrainerMetrics();
    metrics.noteProgress(0, message(0));
    metrics.noteCheckpoint({ durationSeconds: 0.2, sizeBytes: 512, savedAtMs: 1_700_000_000_500 });
    metrics.noteCheckpointStall(0.03);
    const lines = (await metrics.text()).split('\n').filter((line) => line !== '');
    expect(lines).toContain('ringmaster_trainer_checkpoint_last_success_timestamp_seconds 1700000000.5');
    expect(lines).toContain('ringmaster_trainer_checkpoint_bytes_total 512');
    expect(lines).toContain('ringmaster_trainer_checkpoint_stall_seconds_sum 0.03');
    for (const line of lines) {
      expect(line).toMatch(/^(# (HELP|TYPE) )?ringmaster_trainer_[a-z0-9_]+/);
      const labels = [...line.matchAll(/([a-z0-9_]+)="/g)].map(([, label]) => label);
      expect(['rank', 'le']).toEqual(expect.arrayContaining(labels));
    }
    const counters = lines.filter((line) => line.startsWith('# TYPE') && line.endsWith(' counter'));
    for (const line of counters) expect(line).toMatch(/_total counter$/);
  });
});
