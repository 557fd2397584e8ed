import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { resolveSpec } from '../../operator/api/v1alpha1/resolved-spec.ts';
import { SpecFields } from '../../operator/api/v1alpha1/spec.ts';
import { commitCheckpoint } from '../../trainer-image/checkpoint/commit-checkpoint.ts';
import { exportCheckpoint } from '../../trainer-image/checkpoint/manage-checkpoints.ts';
import { encodeSafetensors } from '../../trainer-image/checkpoint/safetensors.ts';
import { momentumSuffix, writeSnapshot } from '../../trainer-image/checkpoint/write-snapshot.ts';
import { counterRandom } from '../../trainer-image/data/random.ts';
import { initialValues } from '../../trainer-image/model/initializers.ts';
import { inferenceLayers } from '../../trainer-image/model/layers.ts';
import type { Network, VariableSpec } from '../../trainer-image/model/network.ts';
import { resNet } from '../../trainer-image/model/resnet.ts';
import { openStorage } from '../../trainer-image/storage/open-storage.ts';
import { capture, named } from '../../trainer-image/tensorflow/capture.ts';
import { deviceFunction } from '../../trainer-image/tensorflow/device-function.ts';
import { download, free, upload } from '../../trainer-image/tensorflow/device-tensor.ts';
import {
  float32Tensor,
  floatValues,
  toFloat,
  type HostTensor,
} from '../../trainer-image/tensorflow/host-tensor.ts';
import { rank4 } from '../../trainer-image/tensorflow/kernels.ts';
import type { TensorFlow } from '../../trainer-image/tensorflow/tensorflow.ts';
import { stepSettings } from '../../trainer-image/train/build-replica.ts';
import { toCheckpointLayout } from '../../trainer-image/train/checkpoint-tensors.ts';
import { createReplica } from '../../trainer-image/train/replica-factory.ts';
import { smallState } from '../fixtures/small-snapshot.ts';

/** A network that others have too. */
export interface PeerNetwork {
  readonly depth: 18 | 34 | 50 | 101 | 152;
  readonly variant: 'A' | 'B' | 'C' | 'D';
}

/** Odd sizes come up on the way: 40, 20, 10, 5, 3, 2. */
const imageSize = 40;
const count = 4;
const classes = 1000;

/**
 * Writes what another implementation needs to compute the same into a folder: `exported.safetensors` and
 * `backbone.safetensors`, made by the command that users export with, and `ours.safetensors` with images, labels, our logits by running statistics in
 * float32, and the loss and gradients of one training step in float64: in float32 one value of thousands lies so near to
 * 0 that rounding decides on which side of a ReLU it falls, which alone moves gradients by a percent.
 */
export async function computeOurs(
  tensorflow: TensorFlow,
  { depth, variant }: PeerNetwork,
  folder: string,
): Promise<void> {
  const spec = resolveSpec(
    SpecFields.parse({
      model: { depth, variant, classes, imageSize },
      data: { format: 'fashion-mnist', train: '/unused', augmentation: 'none' },
      recipe: {
        batchSize: count,
        // Then the first momentum is the gradient and nothing else.
        optimizer: { weightDecay: 0 },
        precision: { compute: 'float32', lossScale: 'none' },
        mixup: { alpha: 0 },
      },
      trainers: { gpusPerPod: 1 },
      checkpoints: { uri: '/unused' },
    }),
  );
  const network = resNet(spec.model);
  const values = typicalValues(network);
  const random = counterRandom([depth, variant, 'images']);
  const images = Float32Array.from({ length: count * imageSize ** 2 * 3 }, () => random.normal());
  const labels = Array.from({ length: count }, () => random.integer(classes));
  const targets = new Float32Array(count * classes);
  for (const [sample, label] of labels.entries()) targets[sample * classes + label] = 1;

  await mkdir(folder, { recursive: true });
  const state = smallState(1, { spec });
  await writeSnapshot(path.join(folder, 'snapshot'), toCheckpointLayout(values, network), state);
  const storage = openStorage(path.join(folder, 'checkpoints'));
  const { uri } = await commitCheckpoint(storage, 'run', path.join(folder, 'snapshot'), { attempt: 1 });
  await exportCheckpoint(uri, {}, path.join(folder, 'exported.safetensors'), 'network');
  await exportCheckpoint(uri, {}, path.join(folder, 'backbone.safetensors'), 'backbone');

  const logits = await inferLogits(tensorflow, network, values, images);
  const replica = await createReplica({
    tensorflow,
    settings: stepSettings(network, spec, undefined),
    precision: 'float64',
    accumulationSteps: 1,
    initialValues: values,
  });
  const step = { learningRate: 0, globalCount: count, stopRequested: false };
  const { loss } = await replica.step({ images: Float64Array.from(images), targets, count }, step);
  const momenta = (await replica.snapshot()).filter(({ name }) => name.endsWith(momentumSuffix));
  await replica.close();
  const ours: HostTensor[] = [
    float32Tensor('images', [count, imageSize, imageSize, 3], images),
    float32Tensor('labels', [count], labels),
    float32Tensor('logits', [count, classes], floatValues(logits)),
    { name: 'loss', dtype: 'float64', shape: [1], data: new Uint8Array(Float64Array.of(loss).buffer) },
    ...toCheckpointLayout(momenta, network),
  ];
  await writeFile(path.join(folder, 'ours.safetensors'), encodeSafetensors(ours, {}));
}

/** Values of which none is 0 or 1, so that a variable that is left out or mixed up shows. */
function typicalValues(network: Network): HostTensor[] {
  const drawn = initialValues(network, { initializer: 'xavier', zeroGamma: false, seed: 1 });
  return drawn.map((tensor, index) => {
    const { kind, name } = network.variables[index] ?? { kind: 'bias', name: '' };
    const random = counterRandom(['typical', name]);
    const start = floatValues(tensor);
    return float32Tensor(
      name,
      tensor.shape,
      Float32Array.from(start, (value) => value + spread(kind) * random.normal()),
    );
  });
}

function spread(kind: VariableSpec['kind']): number {
  return kind === 'convolution' || kind === 'weight' ? 0 : 0.1;
}

async function inferLogits(
  tensorflow: TensorFlow,
  network: Network,
  values: readonly HostTensor[],
  images: Float32Array,
): Promise<HostTensor> {
  const { native } = tensorflow;
  const shape = [count, ...network.imageShape];
  const inputs = [
    ...values.map(({ name, shape: each }) => ({ name, shape: each })),
    { name: 'images', shape },
  ];
  const recording = capture(tensorflow, { variables: [], inputs }, (_, given) => ({
    outputs: [network.forward(inferenceLayers(tensorflow, given), rank4(named(given, 'images')))],
  }));
  const infer = deviceFunction(native, 'peers/infer', recording);
  const uploaded = [...values, float32Tensor('images', shape, images)].map((tensor) => {
    const { dtype, shape: each, data } = toFloat(tensor, 'float32');
    return upload(native, dtype, each, data);
  });
  const [output] = await infer.run(uploaded);
  if (output === undefined) throw new TypeError('the network returned nothing');
  const logits = download(native, output, 'logits');
  free(native, [...uploaded, output]);
  infer.remove();
  return logits;
}
