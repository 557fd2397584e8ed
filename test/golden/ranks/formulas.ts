import type { Scalar, Tensor } from '@tensorflow/tfjs';

import { capture } from '../../../trainer-image/tensorflow/capture.ts';
import { deviceFunction } from '../../../trainer-image/tensorflow/device-function.ts';
import { download, free, uploadFloats } from '../../../trainer-image/tensorflow/device-tensor.ts';
import { floatValues } from '../../../trainer-image/tensorflow/host-tensor.ts';
import { softmaxCrossEntropy } from '../../../trainer-image/tensorflow/kernels.ts';
import { inPrecision } from '../../../trainer-image/tensorflow/precision/compute-precision.ts';
import { tf, type TensorFlow } from '../../../trainer-image/tensorflow/tensorflow.ts';
import { movingAverage } from '../../../trainer-image/tricks/averaging.ts';
import { distillationLoss, teacherDivergence } from '../../../trainer-image/tricks/distillation.ts';
import { momentumStep, type MomentumSettings } from '../../../trainer-image/tricks/momentum.ts';
import { nesterovStep } from '../../../trainer-image/tricks/nesterov.ts';
import { decayedGradient } from '../../../trainer-image/tricks/weight-decay.ts';
import { answerTask } from './answer-task.ts';

/** Values of each formula, computed captured in float64, by name. */
export type FormulasAnswer = Readonly<Record<string, readonly number[]>>;

type Inputs = Readonly<Record<string, readonly number[]>>;

/** Computes scalars and rows of one sample: inputs of one element are scalars, longer ones `[1, length]`. */
async function compute<Given extends Inputs>(
  tensorflow: TensorFlow,
  name: string,
  given: Given,
  body: (inputs: Readonly<Record<keyof Given, Tensor>>) => readonly Tensor[],
): Promise<number[]> {
  const { native } = tensorflow;
  const names: (keyof Given & string)[] = Object.keys(given);
  const shapeOf = (values: readonly number[]) => (values.length === 1 ? [] : [1, values.length]);
  const inputs = names.map((each) => ({ name: each, shape: shapeOf(given[each] ?? []) }));
  const recording = capture(tensorflow, { variables: [], inputs }, (_, tensors) => ({
    outputs: [
      tf.concat(
        body(Object.fromEntries(tensors) as Record<keyof Given, Tensor>).map((each) => each.reshape([-1])),
      ),
    ],
  }));
  const device = deviceFunction(native, name, inPrecision(recording, 'float64'));
  const uploaded = names.map((each) =>
    uploadFloats(native, 'float64', shapeOf(given[each] ?? []), given[each] ?? []),
  );
  const [output] = await device.run(uploaded);
  free(native, uploaded);
  if (output === undefined) throw new Error(`${name} returned nothing`);
  return [...floatValues(download(native, output, name))];
}

/** Two steps of an optimiser from weight 1 with gradients 0.5 and 0.25: weight and velocity after each. */
function twoSteps(
  tensorflow: TensorFlow,
  name: string,
  step: typeof nesterovStep,
  velocity: MomentumSettings['velocity'],
  { rates = [0.1, 0.1], weightDecay = 0 }: { rates?: [number, number]; weightDecay?: number } = {},
): Promise<number[]> {
  const settings = { momentum: 0.9, velocity };
  const given = { w: [1], v: [0], g1: [0.5], g2: [0.25], rate1: [rates[0]], rate2: [rates[1]] };
  return compute(tensorflow, name, given, ({ w, v, g1, g2, rate1, rate2 }) => {
    const decay = { weightDecay, decayBiasAndNorm: false };
    const first = step({ value: w, velocity: v }, decayedGradient(g1, w, 'weight', decay), settings, rate1);
    const gradient = decayedGradient(g2, first.value, 'weight', decay);
    const second = step(first, gradient, settings, rate2);
    return [first.value, second.value, first.velocity, second.velocity];
  });
}

await answerTask<undefined>(async (tensorflow): Promise<FormulasAnswer> => {
  const z = [2, 1, 0, -1];
  const r = [3, 1, 0.5, -2];
  const crossEntropy = (name: string, targets: readonly number[]) =>
    compute(tensorflow, name, { z, targets }, (given) => {
      const loss = (logits: Tensor) => tf.sum<Scalar>(softmaxCrossEntropy(tensorflow, logits, given.targets));
      return [loss(given.z), tf.grad(loss)(given.z)];
    });
  const hard = (logits: Tensor) => softmaxCrossEntropy(tensorflow, logits, tf.tensor2d([[1, 0, 0, 0]]));
  const distilled = (name: string, hardWeight: number, weight: number, temperature = 20) =>
    compute(tensorflow, name, { z, r }, (given) => {
      const soft = (logits: Tensor) => teacherDivergence(tensorflow, logits, given.r, temperature);
      const weights = { temperature, hardWeight, weight };
      const loss = (logits: Tensor) => tf.sum<Scalar>(distillationLoss(hard(logits), soft(logits), weights));
      return [loss(given.z), soft(given.z), tf.grad(loss)(given.z)];
    });
  const smoothing = 0.1;
  return {
    logSoftmax: await compute(tensorflow, 'logSoftmax', { z }, (given) => [tf.logSoftmax(given.z)]),
    hard: await crossEntropy('hard', [1, 0, 0, 0]),
    smoothedPaper: await crossEntropy('smoothedPaper', [
      1 - smoothing,
      ...Array.from({ length: 3 }, () => smoothing / 3),
    ]),
    smoothedCode: await crossEntropy('smoothedCode', [
      1 - smoothing + smoothing / 4,
      ...Array.from({ length: 3 }, () => smoothing / 4),
    ]),
    mixed: await crossEntropy('mixed', [0.7, 0, 0.3, 0]),
    softTeacher: await compute(tensorflow, 'softTeacher', { r }, (given) => [
      tf.softmax(tf.div(given.r, 20)),
    ]),
    softCrossEntropy: await compute(tensorflow, 'softCrossEntropy', { z, r }, (given) =>
      [20, 1].map((temperature) =>
        softmaxCrossEntropy(
          tensorflow,
          tf.div(given.z, temperature),
          tf.softmax(tf.div(given.r, temperature)),
        ),
      ),
    ),
    distilledPaper: await distilled('distilledPaper', 1, 1),
    distilledCode: await distilled('distilledCode', 0.5, 0.5),
    teacherOnly: await distilled('teacherOnly', 0, 1),
    teacherOnlyHot: await distilled('teacherOnlyHot', 0, 1, 1e4),
    nesterov: await twoSteps(tensorflow, 'nesterov', nesterovStep, 'gradient'),
    nesterovOfUpdates: await twoSteps(tensorflow, 'nesterovOfUpdates', nesterovStep, 'update'),
    nesterovDecayed: await twoSteps(tensorflow, 'nesterovDecayed', nesterovStep, 'gradient', {
      weightDecay: 1e-4,
    }),
    nesterovRateChanged: await twoSteps(tensorflow, 'nesterovRateChanged', nesterovStep, 'gradient', {
      rates: [0.1, 0.01],
    }),
    nesterovOfUpdatesRateChanged: await twoSteps(
      tensorflow,
      'nesterovOfUpdatesRateChanged',
      nesterovStep,
      'update',
      {
        rates: [0.1, 0.01],
      },
    ),
    momentum: await twoSteps(tensorflow, 'momentum', momentumStep, 'gradient'),
    momentumOfUpdates: await twoSteps(tensorflow, 'momentumOfUpdates', momentumStep, 'update'),
    average: await compute(tensorflow, 'average', { average: [1], value: [3] }, (given) => [
      movingAverage(given.average, given.value, 0.9),
    ]),
  };
});
