import type { Architecture } from '../../../trainer-image/model/resnet-plan.ts';
import { resNet } from '../../../trainer-image/model/resnet.ts';
import { capture } from '../../../trainer-image/tensorflow/capture.ts';
import { elementCount } from '../../../trainer-image/tensorflow/host-tensor.ts';
import type { Recording } from '../../../trainer-image/tensorflow/recording.ts';
import { evaluationSignature, evaluationStep } from '../../../trainer-image/train/evaluation-step.ts';
import { answerTask } from './answer-task.ts';

export interface ShapesAnswer {
  /** Height of the map after each convolution and pooling that changes it, from the image on. */
  readonly heights: readonly number[];
  /** Multiplications of the convolutions and the classifier, in units of 1e9. */
  readonly gigaMacs: number;
}

/** Records the forward pass of one image and reads shapes and cost off the recording. */
await answerTask<readonly Architecture[]>((tensorflow, architectures) =>
  Promise.resolve(
    architectures.map((architecture): ShapesAnswer => {
      const network = resNet(architecture);
      const recording = capture(tensorflow, evaluationSignature(network, 1), (values, inputs) =>
        evaluationStep(tensorflow, network, values, inputs),
      );
      return { heights: heights(recording), gigaMacs: macs(recording) / 1e9 };
    }),
  ),
);

function heights({ nodes }: Recording): number[] {
  const all = nodes
    // Padding grows the map for the next operation only, and shortcuts see what the path sees.
    .filter(({ op }) => op === 'Conv2D' || op === 'MaxPool')
    .map(({ outputs }) => outputs[0]?.shape[1] ?? 0);
  return all.filter((height, index) => height < Math.min(...all.slice(0, index), Infinity));
}

function macs({ nodes }: Recording): number {
  const shapeOf = new Map(nodes.map(({ name, outputs }) => [name, outputs[0]?.shape ?? []]));
  return nodes.reduce((total, { op, inputs, outputs }) => {
    const operand = shapeOf.get(inputs[1]?.node ?? '') ?? [];
    const output = elementCount(outputs[0]?.shape ?? []);
    if (op === 'Conv2D') return total + output * elementCount(operand.slice(0, 3));
    // What TensorFlow.js makes of a product of matrices.
    if (op === 'BatchMatMulV2') return total + output * (operand.at(-2) ?? 0);
    return total;
  }, 0);
}
