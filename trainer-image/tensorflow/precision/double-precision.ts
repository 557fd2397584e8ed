import { dataTypes } from '../data-type.ts';
import type { AttributeValue, ConstantTensor, NodeOutput, RecordedNode, Recording } from '../recording.ts';
import { composeBatchNorm } from './composed-batch-norm.ts';
import { shortestDecimal } from './decimal-constant.ts';

/**
 * Rewrites a float32 recording to float64 throughout: inputs, variables, constants, all-reduces and outputs. Fused
 * batch normalisations, of which TensorFlow has no float64 kernel, are composed from other operations.
 */
export function toDoublePrecision(recording: Recording): Recording {
  const nodes: RecordedNode[] = [];
  /** What stands for an output of a node that was replaced. */
  const replaced = new Map<string, NodeOutput>();
  const current = (output: NodeOutput) => replaced.get(`${output.node}:${output.index}`) ?? output;

  for (const node of recording.nodes) {
    const doubled: RecordedNode = {
      ...node,
      inputs: node.inputs.map(current),
      attributes: Object.fromEntries(
        Object.entries(node.attributes).map(([name, value]) => [name, doubleAttribute(value)]),
      ),
      outputs: node.outputs.map((spec) =>
        spec.dataType === dataTypes.float32 ? { ...spec, dataType: dataTypes.float64 } : spec,
      ),
    };
    const composed = composeBatchNorm(doubled);
    if (composed === undefined) {
      nodes.push(doubled);
    } else {
      nodes.push(...composed.nodes);
      composed.outputs.forEach((output, index) => replaced.set(`${node.name}:${index}`, output));
    }
  }
  return { ...recording, nodes, outputs: recording.outputs.map(current) };
}

function doubleAttribute(value: AttributeValue): AttributeValue {
  if (value.kind === 'type' && value.value === dataTypes.float32)
    return { ...value, value: dataTypes.float64 };
  if (value.kind === 'tensor' && value.value.dataType === dataTypes.float32) {
    return { ...value, value: doubleConstant(value.value) };
  }
  return value;
}

function doubleConstant({ shape, data }: ConstantTensor): ConstantTensor {
  // Copies: a view of floats needs its bytes aligned.
  const doubles = Float64Array.from(new Float32Array(data.slice().buffer), shortestDecimal);
  return { dataType: dataTypes.float64, shape, data: new Uint8Array(doubles.buffer) };
}
