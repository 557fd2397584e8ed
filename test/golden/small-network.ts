import { counterRandom } from '../../trainer-image/data/random.ts';
import { initialValues } from '../../trainer-image/model/initializers.ts';
import { resNet } from '../../trainer-image/model/resnet.ts';
import type { ImageBatch } from '../../trainer-image/data/training-input.ts';
import type { ReplicaOptions } from '../../trainer-image/train/replica-factory.ts';
import type { StepSettings } from '../../trainer-image/train/step-settings.ts';

/** The smallest network of the family, on images so small that a test takes hundreds of steps. */
export const smallNetwork = resNet({
  ...{ depth: 8, variant: 'D', stem: 'small', classes: 10, imageSize: 8, channels: 1 },
});

export const smallSettings: StepSettings = {
  network: smallNetwork,
  batchNorm: 'local',
  optimizer: {
    ...{ name: 'nesterov', velocity: 'gradient' },
    ...{ momentum: 0.9, weightDecay: 1e-4, decayBiasAndNorm: false },
  },
  lossScaled: false,
};

export const smallReplica: Omit<ReplicaOptions, 'tensorflow'> = {
  settings: smallSettings,
  precision: 'float32',
  accumulationSteps: 1,
  initialValues: initialValues(smallNetwork, { initializer: 'xavier', zeroGamma: false, seed: 0 }),
};

/** Random images and labels that depend on the key only. */
export function randomBatch(key: readonly (number | string)[], count: number): ImageBatch {
  const random = counterRandom(key);
  const targets = new Float32Array(count * 10);
  for (let sample = 0; sample < count; sample++) targets[sample * 10 + random.integer(10)] = 1;
  return { images: Float32Array.from({ length: count * 64 }, () => random.normal()), targets, count };
}
