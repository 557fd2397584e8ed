import { dataTypes, type DataType } from '../data-type.ts';
import { attribute, type NodeOutput, type RecordedNode, type Recording } from '../recording.ts';
import { halfOperations } from './half-operations.ts';

/**
 * Rewrites a float32 recording so that the convolutions, and what stands between them, run in half precision (paper,
 * section 3.2). Casts stand only where a value passes from one kind of operation to the other. Inputs, variables,
 * statistics, classifier, loss, gradients of parameters, all-reduces and updates stay float32: their operations are
 * not in the list, so nothing else needs to know of the rewrite.
 */
export function toHalfPrecision(recording: Recording, precision: 'float16' | 'bfloat16'): Recording {
  const half = dataTypes[precision];
  const nodes: RecordedNode[] = [];
  const borders = createBorders(recording, half, (node) => nodes.push(node));
  for (const node of recording.nodes) {
    const rule = halfOperations.get(node.op);
    const operands = new Set(rule?.operands ?? node.inputs.keys());
    const given = node.inputs.filter((_, index) => operands.has(index));
    const applies = rule?.when === 'always' || given.some(borders.isHalf);
    if (rule === undefined || !applies || !rule.types.every((name) => isFloat(node, name))) {
      nodes.push({ ...node, inputs: node.inputs.map(borders.inFloat) });
      continue;
    }
    const types = Object.fromEntries(rule.types.map((name) => [name, attribute.type(half)]));
    nodes.push({
      ...node,
      inputs: node.inputs.map((input, index) =>
        operands.has(index) ? borders.inHalf(input) : borders.inFloat(input),
      ),
      attributes: { ...node.attributes, ...types },
      outputs: node.outputs.map((spec, index) => (index === 0 ? { ...spec, dataType: half } : spec)),
    });
    borders.becameHalf({ node: node.name, index: 0 }, rule.leaves === 'float32');
  }
  return { ...recording, nodes, outputs: recording.outputs.map(borders.inFloat) };
}

function isFloat({ attributes }: RecordedNode, name: string): boolean {
  const value = attributes[name];
  return value?.kind === 'type' && value.value === dataTypes.float32;
}

/** Knows which outputs are half, and puts each cast there once. */
function createBorders(recording: Recording, half: DataType, add: (node: RecordedNode) => void) {
  const halves = new Set<string>();
  /** Computed in half, but not for others that do. */
  const leaving = new Set<string>();
  const casts = new Map<string, NodeOutput>();
  const shapes = new Map(
    recording.nodes.flatMap(({ name, outputs }) =>
      outputs.map(({ shape }, index) => [keyOf({ node: name, index }), shape] as const),
    ),
  );

  function cast(output: NodeOutput, from: DataType, to: DataType): NodeOutput {
    const key = keyOf(output);
    const known = casts.get(key);
    if (known !== undefined) return known;
    const name = `${output.node}/${output.index}/Cast`;
    const attributes = { SrcT: attribute.type(from), DstT: attribute.type(to) };
    const outputs = [{ dataType: to, shape: shapes.get(key) ?? [] }];
    add({ name, op: 'Cast', inputs: [output], after: [], attributes, outputs });
    const made = { node: name, index: 0 };
    casts.set(key, made);
    return made;
  }

  const isHalf = (output: NodeOutput) => halves.has(keyOf(output));
  return {
    isHalf,
    inHalf: (output: NodeOutput) => (isHalf(output) ? output : cast(output, dataTypes.float32, half)),
    inFloat: (output: NodeOutput) =>
      isHalf(output) || leaving.has(keyOf(output)) ? cast(output, half, dataTypes.float32) : output,
    /** @param leaves nobody takes it as half: it counts as float32 */
    becameHalf(output: NodeOutput, leaves: boolean): void {
      (leaves ? leaving : halves).add(keyOf(output));
    },
  };
}

function keyOf({ node, index }: NodeOutput): string {
  return `${node}:${index}`;
}
