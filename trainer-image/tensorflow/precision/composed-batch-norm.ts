import { dataTypes } from '../data-type.ts';
import { CaptureError } from '../errors.ts';
import { elementCount } from '../host-tensor.ts';
import { attribute, type NodeOutput, type RecordedNode } from '../recording.ts';

interface Composed {
  readonly nodes: readonly RecordedNode[];
  /** What stands for each output of the fused operation. */
  readonly outputs: readonly NodeOutput[];
}

/**
 * A fused batch normalisation (NHWC, float64) or its gradient as other operations; undefined for any other node.
 * The outputs that only the gradient reads are mean and 1 / deviation.
 */
export function composeBatchNorm(node: RecordedNode): Composed | undefined {
  if (node.op === 'FusedBatchNormV3') {
    return node.attributes.is_training?.value === true ? training(node) : inference(node);
  }
  return node.op === 'FusedBatchNormGradV3' ? gradient(node) : undefined;
}

function training(node: RecordedNode): Composed {
  const { nodes, add, constant, sumOverImages } = composer(node);
  const [x, gamma, beta] = inputsOf(node, 3);
  const count = elementsPerChannel(node);
  const mean = add('Mul', sumOverImages(x), constant(1 / count));
  const centred = add('Sub', x, mean);
  const squares = sumOverImages(add('Square', centred));
  const variance = add('Mul', squares, constant(1 / count));
  const inverseDeviation = add('Rsqrt', add('AddV2', variance, constant(epsilonOf(node))));
  const scaled = add('Mul', centred, add('Mul', inverseDeviation, gamma));
  const unbiased = add('Mul', squares, constant(1 / (count - 1)));
  return {
    nodes,
    outputs: [add('AddV2', scaled, beta), mean, unbiased, mean, inverseDeviation, constant(0)],
  };
}

function inference(node: RecordedNode): Composed {
  const { nodes, add, constant } = composer(node);
  const [x, gamma, beta, mean, variance] = inputsOf(node, 5);
  const inverseDeviation = add('Rsqrt', add('AddV2', variance, constant(epsilonOf(node))));
  const scaled = add('Mul', add('Sub', x, mean), add('Mul', inverseDeviation, gamma));
  return { nodes, outputs: [add('AddV2', scaled, beta)] };
}

function gradient(node: RecordedNode): Composed {
  const { nodes, add, constant, sumOverImages } = composer(node);
  const [dy, x, gamma, mean, inverseDeviation] = inputsOf(node, 5);
  const normalised = add('Mul', add('Sub', x, mean), inverseDeviation);
  const betaGradient = sumOverImages(dy);
  const gammaGradient = sumOverImages(add('Mul', dy, normalised));
  const share = constant(1 / elementsPerChannel(node));
  const withoutMean = add('Sub', dy, add('Mul', betaGradient, share));
  const withoutScale = add('Sub', withoutMean, add('Mul', normalised, add('Mul', gammaGradient, share)));
  const imageGradient = add('Mul', withoutScale, add('Mul', inverseDeviation, gamma));
  return { nodes, outputs: [imageGradient, gammaGradient, betaGradient] };
}

/** Writes float64 nodes whose names begin with that of the node they stand for. */
function composer({ name, after }: RecordedNode) {
  const nodes: RecordedNode[] = [];
  const type = attribute.type(dataTypes.float64);
  function push(op: string, details: Partial<RecordedNode>): NodeOutput {
    const made = `${name}/${op}_${nodes.length}`;
    nodes.push({ name: made, op, inputs: [], after, attributes: {}, outputs: [], ...details });
    return { node: made, index: 0 };
  }
  const constantOf = (dataType: number, shape: readonly number[], values: ArrayBufferView) => {
    const data = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
    return push('Const', {
      attributes: { dtype: attribute.type(dataType), value: attribute.tensor({ dataType, shape, data }) },
    });
  };
  return {
    nodes,
    add: (op: string, ...inputs: NodeOutput[]) => push(op, { inputs, attributes: { T: type } }),
    constant: (value: number) => constantOf(dataTypes.float64, [], Float64Array.of(value)),
    sumOverImages: (x: NodeOutput) =>
      push('Sum', {
        inputs: [x, constantOf(dataTypes.int32, [3], Int32Array.of(0, 1, 2))],
        attributes: { T: type, Tidx: attribute.type(dataTypes.int32), keep_dims: attribute.bool(false) },
      }),
  };
}

/** The first inputs, of which the caller names as many as there are. */
function inputsOf(node: RecordedNode, count: 3): [NodeOutput, NodeOutput, NodeOutput];
function inputsOf(node: RecordedNode, count: 5): [NodeOutput, NodeOutput, NodeOutput, NodeOutput, NodeOutput];
function inputsOf({ name, inputs }: RecordedNode, count: number): NodeOutput[] {
  if (inputs.length < count) throw new CaptureError(`${name} has fewer than ${count} inputs`);
  return inputs.slice(0, count);
}

function elementsPerChannel({ name, outputs }: RecordedNode): number {
  const shape = outputs[0]?.shape;
  if (shape === undefined) throw new CaptureError(`the shape of ${name} is not known`);
  return elementCount(shape.slice(0, -1));
}

function epsilonOf({ name, attributes: { epsilon } }: RecordedNode): number {
  if (epsilon?.kind !== 'float') throw new CaptureError(`${name} has no epsilon`);
  return epsilon.value;
}
