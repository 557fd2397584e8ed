import type { ResolvedSpec } from '../../../operator/api/v1alpha1/resolved-spec.ts';
import { counterRandom } from '../../../trainer-image/data/random.ts';
import { initialValues } from '../../../trainer-image/model/initializers.ts';
import type { Network } from '../../../trainer-image/model/network.ts';
import { resNet } from '../../../trainer-image/model/resnet.ts';
import { dataTypes } from '../../../trainer-image/tensorflow/data-type.ts';
import {
  elementCount,
  float32Tensor,
  floatValues,
  type HostTensor,
} from '../../../trainer-image/tensorflow/host-tensor.ts';
import type { ComputePrecision } from '../../../trainer-image/tensorflow/precision/compute-precision.ts';
import type { TensorFlow } from '../../../trainer-image/tensorflow/tensorflow.ts';
import { stepSettings } from '../../../trainer-image/train/build-replica.ts';
import { createReplica } from '../../../trainer-image/train/replica-factory.ts';
import { replicaRecordings } from '../../../trainer-image/train/replica-functions.ts';
import { momentumName } from '../../../trainer-image/train/step-settings.ts';
import { smallSpec } from '../../fixtures/small-spec.ts';
import { answerTask } from '../../golden/ranks/answer-task.ts';

const imageSize = 32;
const count = 8;
const classes = 10;

type Variant = ResolvedSpec['model']['variant'];
type Depth = 50 | 152;

/** What the tests ask of networks for large images, by name. */
const tasks = {
  /** Loss and gradients of one step of a ResNet-50 of each variant in float32 and float16. */
  async halves(tensorflow: TensorFlow) {
    const answers = [];
    for (const variant of variants) {
      const single = await oneStep(tensorflow, variant, 'float32');
      const half = await oneStep(tensorflow, variant, 'float16');
      answers.push({
        ...{ variant, loss: single.loss, halfLoss: half.loss },
        gradients: relativeError(half.gradients, single.gradients),
      });
    }
    return answers;
  },

  /** How a ResNet-50-D learns from a ResNet-152-D in float16: convolutions forward and backward, and in which type. */
  distil(tensorflow: TensorFlow) {
    const count50 = (teacher: Depth | undefined) => {
      const { nodes } = record(tensorflow, 50, teacher);
      const half = nodes.filter(
        ({ attributes }) => attributes.T?.kind === 'type' && attributes.T.value === dataTypes.float16,
      );
      const named = (op: string, among: typeof nodes) => among.filter((node) => node.op === op).length;
      return {
        forward: named('Conv2D', nodes),
        forwardHalf: named('Conv2D', half),
        backwardFilter: named('Conv2DBackpropFilter', nodes),
        backwardInput: named('Conv2DBackpropInput', nodes),
        normGradients: named('FusedBatchNormGradV3', nodes),
      };
    };
    return Promise.resolve({ alone: count50(undefined), taught: count50(152) });
  },
};

export type FullSizeTask = keyof typeof tasks;
export type FullSizeAnswer<Name extends FullSizeTask> = Awaited<ReturnType<(typeof tasks)[Name]>>;

const variants: readonly Variant[] = ['A', 'B', 'C', 'D'];

function specOf(depth: Depth, variant: Variant, precision: ComputePrecision): ResolvedSpec {
  return smallSpec({
    model: { depth, variant, stem: 'imagenet', classes, imageSize, channels: 3, zeroGamma: false },
    recipe: {
      optimizer: { ...smallSpec().recipe.optimizer, weightDecay: 0 },
      precision: {
        compute: precision === 'float16' ? 'float16' : 'float32',
        lossScale: 'static',
        lossScaleValue: 1024,
      },
    },
  });
}

async function oneStep(tensorflow: TensorFlow, variant: Variant, precision: ComputePrecision) {
  const spec = specOf(50, variant, precision);
  const network = resNet(spec.model);
  const replica = await createReplica({
    ...{ tensorflow, precision, accumulationSteps: 1, settings: stepSettings(network, spec, undefined) },
    initialValues: gentle(network),
  });
  const random = counterRandom(['full-size']);
  const images = Float32Array.from({ length: count * imageSize ** 2 * 3 }, () => random.normal());
  const targets = new Float32Array(count * classes);
  for (let sample = 0; sample < count; sample += 1) targets[sample * classes + random.integer(classes)] = 1;
  const inputs = { learningRate: 0, globalCount: count, stopRequested: false, lossScale: 1024 };
  const { loss } = await replica.step({ images, targets, count }, inputs);
  // The first momentum is the gradient.
  const momenta = (await replica.snapshot()).filter(({ name }) => name.endsWith(momentumName('')));
  await replica.close();
  return { loss, gradients: momenta.map(floatValues) };
}

/**
 * Initial values with which blocks change their input a little, as in a trained network. With a scale of 1 in every block,
 * fifty normalised layers at random amplify any rounding until nothing of it can be compared.
 */
function gentle(network: Network): HostTensor[] {
  const start = initialValues(network, { initializer: 'xavier', zeroGamma: false, seed: 0 });
  return start.map((tensor, index) =>
    network.variables[index]?.endsResidualBlock === true
      ? float32Tensor(tensor.name, tensor.shape, new Float32Array(elementCount(tensor.shape)).fill(0.2))
      : tensor,
  );
}

function record(tensorflow: TensorFlow, depth: Depth, teacherDepth: Depth | undefined) {
  const spec = specOf(depth, 'D', 'float16');
  const distillation = { teacher: '/unused', temperature: 20, weight: 1, hardWeight: 1 };
  const teacher =
    teacherDepth === undefined ? undefined : { network: resNet({ ...spec.model, depth: teacherDepth }) };
  const recipe = { ...spec.recipe, ...(teacher === undefined ? {} : { distillation }) };
  const settings = stepSettings(resNet(spec.model), { ...spec, recipe }, teacher);
  return replicaRecordings(tensorflow, settings, 'float16').step(count);
}

/** |a - b| / |b| over all elements. */
function relativeError(a: readonly ArrayLike<number>[], b: readonly ArrayLike<number>[]): number {
  let [apart, size] = [0, 0];
  b.forEach((values, tensor) => {
    for (let index = 0; index < values.length; index += 1) {
      const value = values[index] ?? NaN;
      apart += ((a[tensor]?.[index] ?? NaN) - value) ** 2;
      size += value ** 2;
    }
  });
  return Math.sqrt(apart / size);
}

await answerTask<FullSizeTask>((tensorflow, task): Promise<unknown> => tasks[task](tensorflow));
