import { elementCount } from './host-tensor.ts';
import type { NodeOutput, RecordedNode, Recording } from './recording.ts';

/** Of smaller variables, the room that is saved is not worth waiting for. */
const largeElements = 2 ** 16;

/**
 * Lets large variables get their new values one after the other: what is computed for one only waits until the one before
 * it is assigned. TensorFlow computes whatever can be computed; an update of many variables would hold all intermediate
 * values of all of them at once, which for a ResNet-50 is a gigabyte. What the outputs of the function need waits for
 * nothing. The values are the same, bit for bit.
 */
export function assignInTurn(recording: Recording): Recording {
  const nodes = new Map(recording.nodes.map((node) => [node.name, node]));
  const waitsFor = new Map<string, string>();
  const seen = new Set<string>();
  collect(nodes, recording.outputs, seen, () => undefined);
  let previous: string | undefined;
  for (const name of recording.effects) {
    const assignment = nodes.get(name);
    if (assignment?.op !== 'AssignVariableOp') continue;
    const turn = isLarge(nodes, assignment) ? previous : undefined;
    collect(nodes, assignment.inputs, seen, (node) => {
      // Placeholders cannot wait, and constants take no room while others are computed.
      if (turn !== undefined && node.op !== 'Placeholder' && node.op !== 'Const')
        waitsFor.set(node.name, turn);
    });
    if (isLarge(nodes, assignment)) previous = name;
  }
  return {
    ...recording,
    nodes: recording.nodes.map((node) => {
      const turn = waitsFor.get(node.name);
      return turn === undefined ? node : { ...node, after: [...node.after, turn] };
    }),
  };
}

function isLarge(nodes: ReadonlyMap<string, RecordedNode>, { inputs }: RecordedNode): boolean {
  const value = inputs[1];
  const shape = value === undefined ? undefined : nodes.get(value.node)?.outputs[value.index]?.shape;
  return shape !== undefined && elementCount(shape) >= largeElements;
}

/** Visits what is needed for these outputs and was not seen before. */
function collect(
  nodes: ReadonlyMap<string, RecordedNode>,
  outputs: readonly NodeOutput[],
  seen: Set<string>,
  visit: (node: RecordedNode) => void,
): void {
  const names = outputs.map(({ node }) => node);
  for (let name = names.pop(); name !== undefined; name = names.pop()) {
    const node = nodes.get(name);
    if (node === undefined || seen.has(name)) continue;
    seen.add(name);
    visit(node);
    names.push(...node.inputs.map((input) => input.node), ...node.after);
  }
}
