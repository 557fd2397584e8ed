import type { TrainingRunStatus } from '../../api/v1alpha1/status.ts';
import type { TrainingRun } from '../../api/v1alpha1/training-run.ts';
import { validateTrainingRun } from '../../api/v1alpha1/validate.ts';

/** A run for specs, with a status. */
export function testRun(status?: TrainingRunStatus, name = 'quickstart', spec: object = {}): TrainingRun {
  const validation = validateTrainingRun({
    apiVersion: 'ringmaster.dev/v1alpha1',
    kind: 'TrainingRun',
    metadata: { name, namespace: 'default', uid: `uid-of-${name}` },
    spec: {
      data: { format: 'fashion-mnist', train: '/data' },
      checkpoints: { uri: '/checkpoints' },
      ...spec,
    },
  });
  if (!validation.ok) throw new TypeError(JSON.stringify(validation.problems));
  return status === undefined ? validation.run : { ...validation.run, status };
}

/** The status of a run in the middle of its fourth epoch of six. */
export const halfway: TrainingRunStatus = {
  phase: 'Running',
  attempt: 1,
  restarts: { total: 0, charged: 0 },
  progress: {
    epoch: 3.12,
    epochs: 6,
    step: 1461,
    steps: 2808,
    percent: 52,
    imagesPerSecond: 4980.4,
    etaSeconds: 72,
    loss: 0.43121,
    learningRate: 0.0331,
    validation: { epoch: 3, top1: 0.8831, top5: 0.9971, loss: 0.4021 },
    updatedAt: '2026-01-01T00:00:00Z',
  },
  checkpoint: { step: 1404, epoch: 3, uri: '/checkpoints/step-1404', savedAt: '2026-01-01T00:00:00Z' },
};
