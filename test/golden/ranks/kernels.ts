import type { Tensor4D } from '@tensorflow/tfjs';

import { dataTypes } from '../../../trainer-image/tensorflow/data-type.ts';
import { deviceFunction } from '../../../trainer-image/tensorflow/device-function.ts';
import { download, uploadFloats } from '../../../trainer-image/tensorflow/device-tensor.ts';
import { floatValues } from '../../../trainer-image/tensorflow/host-tensor.ts';
import {
  averagePool,
  convolution,
  maxPoolAfterRelu,
  rank4,
} from '../../../trainer-image/tensorflow/kernels.ts';
import { attribute, buildRecording, type NodeOutput } from '../../../trainer-image/tensorflow/recording.ts';
import { tf, type TensorFlow } from '../../../trainer-image/tensorflow/tensorflow.ts';
import { answerTask } from './answer-task.ts';

export interface KernelsAnswer {
  readonly convolution: number[];
  readonly unitStride: number[];
  readonly averageOdd: number[];
  readonly maximum: number[];
  readonly convolutionAdjoint: [number, number];
  readonly oddConvolutionAdjoint: [number, number];
  readonly averageAdjoint: [number, number];
  /** Numbers as float16 has them, as text, since JSON knows no infinity; and 1 with a small number added in float16. */
  readonly half: { readonly rounded: string[]; readonly onePlusSmall: number[] };
}

/** Elements of a fixed pattern without symmetry. */
function pattern(shape: [number, number, number, number]): Tensor4D {
  const count = shape.reduce((product, size) => product * size, 1);
  return tf.tensor4d(
    Array.from({ length: count }, (_, index) => Math.sin(index * index + 1)),
    shape,
  );
}

/** For a linear function, <f(x), c> and <x, gradient of <f(x), c>>, which have to be equal. */
function adjoint(linear: (x: Tensor4D) => Tensor4D, size: number): [number, number] {
  const x = pattern([2, size, size, 3]);
  const direction = tf.cos(linear(x));
  const project = (each: tf.Tensor) => tf.sum<tf.Scalar>(tf.mul(linear(rank4(each)), direction));
  const gradient = tf.grad(project)(x);
  return [project(x).arraySync(), tf.sum<tf.Scalar>(tf.mul(x, gradient)).arraySync()];
}

/** What TensorFlow makes of numbers in float16: `values` there and back, and each of `addends` added to 1 there. */
async function inHalf({ native }: TensorFlow, values: number[], addends: number[]): Promise<number[][]> {
  const builder = buildRecording();
  const [single, half] = [dataTypes.float32, dataTypes.float16];
  const cast = (input: NodeOutput, from: number, to: number): NodeOutput => ({
    node: builder.node('Cast', {
      inputs: [input],
      attributes: { SrcT: attribute.type(from), DstT: attribute.type(to) },
    }),
    index: 0,
  });
  const inputs = [values, addends, [1]];
  const halves = inputs.map(({ length }) =>
    cast(builder.input({ dataType: single, shape: [length] }), single, half),
  );
  const [rounded, small, one] = halves;
  if (rounded === undefined || small === undefined || one === undefined) throw new RangeError('no input');
  const sum = builder.node('AddV2', { inputs: [one, small], attributes: { T: attribute.type(half) } });
  const recording = builder.finish([
    cast(rounded, half, single),
    cast({ node: sum, index: 0 }, half, single),
  ]);
  const compute = deviceFunction(native, 'inHalf', recording);
  const given = inputs.map((numbers) => uploadFloats(native, 'float32', [numbers.length], numbers));
  const outputs = await compute.run(given);
  return outputs.map((output) => [...floatValues(download(native, output, 'inHalf'))]);
}

await answerTask<undefined>(async (tensorflow) => {
  const [rounded = [], onePlusSmall = []] = await inHalf(
    tensorflow,
    [1e-8, 1e-8 * 1024, 70_000],
    [1e-4, 1e-3],
  );
  return {
    half: { rounded: rounded.map(String), onePlusSmall },
    ...tf.tidy(() => {
      const ones = tf.ones<tf.Rank.R4>([1, 8, 8, 1]);
      const window = tf.ones<tf.Rank.R4>([3, 3, 1, 1]);
      const filter = pattern([3, 3, 3, 5]);
      const firstRow = (images: Tensor4D) => images.arraySync()[0]?.[0]?.map(([value]) => value);
      return {
        convolution: firstRow(convolution(ones, window, 2)),
        unitStride: firstRow(convolution(ones, window, 1)),
        averageOdd: firstRow(averagePool(tf.ones([1, 7, 7, 1]))),
        maximum: firstRow(maxPoolAfterRelu(ones)),
        convolutionAdjoint: adjoint((x) => convolution(x, filter, 2), 8),
        oddConvolutionAdjoint: adjoint((x) => convolution(x, filter, 2), 7),
        averageAdjoint: adjoint(averagePool, 7),
      };
    }),
  };
});
