import { readFileSync } from 'node:fs';
import { loadAll } from 'js-yaml';
import { describe, expect, it } from 'vitest';
import { validateTrainingSweep } from '../../../operator/api/v1alpha1/training-sweep-validate.ts';

function documents(file: string): unknown[] {
  return loadAll(readFileSync(new URL(file, import.meta.url), 'utf8'));
}

/** The sweep that the autoscalers of the samples scale. */
function scaledSweep() {
  const validation = validateTrainingSweep(documents('hpa.yaml')[0]);
  if (!validation.ok) throw new Error(JSON.stringify(validation.problems));
  return validation.sweep;
}

/** GPUs that a trial needs, and so the share of the metric that one trial stands for. */
function gpusOfTrial(): string {
  const { pods, gpusPerPod } = scaledSweep().spec.runTemplate.trainers;
  return String(pods * gpusPerPod);
}

describe('samples for autoscalers', () => {
  it('have a sweep with a parallelism to change, without which there is no scale to read', () => {
    expect(scaledSweep().spec.parallelism).toBe(1);
  });

  it('name that sweep, and count one trial for as many GPUs as it needs', () => {
    const { apiVersion, kind, metadata } = scaledSweep();
    const scaleTargetRef = { apiVersion, kind, name: metadata.name };
    const [, autoscaler] = documents('hpa.yaml');
    expect(autoscaler).toMatchObject({
      apiVersion: 'autoscaling/v2',
      kind: 'HorizontalPodAutoscaler',
      spec: {
        scaleTargetRef,
        metrics: [{ external: { target: { type: 'AverageValue', averageValue: gpusOfTrial() } } }],
      },
    });
    const [scaled] = documents('keda.yaml');
    expect(scaled).toMatchObject({
      apiVersion: 'keda.sh/v1alpha1',
      kind: 'ScaledObject',
      // All values of a trigger are text.
      spec: { scaleTargetRef, triggers: [{ type: 'prometheus', metadata: { threshold: gpusOfTrial() } }] },
    });
  });
});
