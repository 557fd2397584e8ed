import { dataTypes, hostDataType, type DataType } from './data-type.ts';
import { bytesPerElement, elementCount } from './host-tensor.ts';
import type { RecordedNode, Recording } from './recording.ts';

export interface MemoryEstimate {
  /** Values of variables. */
  readonly variableBytes: number;
  /** The most that inputs, activations, gradients and intermediate values take at a time. */
  readonly intermediateBytes: number;
}

/** Operations that hand on what they are given, in other words. */
const views: ReadonlySet<string> = new Set(['Identity', 'Reshape', 'EnsureShape']);

/** Operations by element, which write into the place of an operand that nobody needs afterwards. */
const inPlace: ReadonlySet<string> = new Set([
  'Relu',
  'ReluGrad',
  'Add',
  'AddV2',
  'Sub',
  'Mul',
  'RealDiv',
  'Div',
]);

/**
 * Estimates the memory that a recording takes when its nodes are executed in the order in which they were recorded, each
 * value being freed when the last that needs it is done.
 */
export function estimateMemory({ nodes, outputs }: Recording): MemoryEstimate {
  const variables = new Set<string>();
  /** The buffer that a value lies in, by node; of nodes with several outputs they are taken together. */
  const bufferOf = new Map<string, string>();
  const sizes = new Map<string, number>();
  const lastUse = new Map<string, number>();
  const last = (buffer: string, index: number) => lastUse.set(buffer, index);

  let variableBytes = 0;
  nodes.forEach((node, index) => {
    const [first] = node.inputs;
    const operand = first === undefined ? undefined : bufferOf.get(first.node);
    if (node.op === 'ReadVariableOp') variables.add(node.name);
    if (operand !== undefined && variables.has(operand) && node.op === 'EnsureShape') {
      // The value of a variable lies in the variable; its shape is known only here.
      variableBytes += sizeOf(node);
    }
    const buffer = operand !== undefined && views.has(node.op) ? operand : node.name;
    bufferOf.set(node.name, buffer);
    if (buffer === node.name && node.op !== 'ReadVariableOp') sizes.set(buffer, sizeOf(node));
    for (const input of node.inputs) last(bufferOf.get(input.node) ?? input.node, index);
  });
  for (const { node } of outputs) last(bufferOf.get(node) ?? node, nodes.length);

  let [live, most] = [0, 0];
  nodes.forEach((node, index) => {
    const own = bufferOf.get(node.name) === node.name ? (sizes.get(node.name) ?? 0) : 0;
    const freed = [...new Set(node.inputs.map((input) => bufferOf.get(input.node) ?? input.node))]
      .filter((buffer) => lastUse.get(buffer) === index)
      .map((buffer) => sizes.get(buffer) ?? 0);
    const reused = inPlace.has(node.op) && freed.includes(own) ? own : 0;
    most = Math.max(most, live + own - reused);
    live += own - freed.reduce((sum, size) => sum + size, 0);
    if (!lastUse.has(node.name) && own > 0) live -= own;
  });
  return { variableBytes, intermediateBytes: most };
}

function sizeOf({ outputs }: RecordedNode): number {
  return outputs.reduce((sum, { dataType, shape }) => sum + widthOf(dataType) * elementCount(shape), 0);
}

function widthOf(dataType: DataType): number {
  if (dataType === dataTypes.bool) return 1;
  if (dataType === dataTypes.resource || dataType === dataTypes.string) return 0;
  return bytesPerElement[hostDataType(dataType)];
}
