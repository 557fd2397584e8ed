import { describe, expect, it } from 'vitest';

import { assignInTurn } from './assign-in-turn.ts';
import { dataTypes } from './data-type.ts';
import { buildRecording, type NodeOutput } from './recording.ts';

const float = dataTypes.float32;

/** A function that doubles variables of these sizes by a factor that it also returns. */
function recordUpdates(sizes: readonly number[]) {
  const builder = buildRecording();
  const handles = sizes.map(() => builder.input({ dataType: dataTypes.resource, shape: [] }));
  const factor = builder.input({ dataType: float, shape: [] });
  const node = (op: string, inputs: NodeOutput[], size: number, effect = false) => ({
    node: builder.node(op, { inputs, outputs: [{ dataType: float, shape: [size] }], effect }),
    index: 0,
  });
  const shared = node('Sqrt', [factor], 1);
  handles.forEach((handle, index) => {
    const size = sizes[index] ?? 0;
    const value = node('ReadVariableOp', [handle], size);
    node('AssignVariableOp', [handle, node('Mul', [value, shared], size)], size, true);
  });
  const recording = assignInTurn(builder.finish([shared]));
  const waiting = (op: string) => recording.nodes.filter((each) => each.op === op).map(({ after }) => after);
  return { recording, waiting, assignments: recording.effects };
}

describe('assigning in turn', () => {
  it('lets what is computed for a large variable wait until the large one before it is assigned', () => {
    const { waiting, assignments } = recordUpdates([100_000, 100_000, 100_000]);
    const turns = [[], [assignments[0]], [assignments[1]]];
    expect(waiting('ReadVariableOp')).toEqual(turns);
    expect(waiting('Mul')).toEqual(turns);
  });

  it('holds up neither what the outputs need nor small variables', () => {
    const { waiting, assignments } = recordUpdates([100_000, 10, 100_000]);
    expect(waiting('Sqrt')).toEqual([[]]);
    expect(waiting('Mul')).toEqual([[], [], [assignments[0]]]);
  });

  it('changes nothing but who waits', () => {
    const { recording } = recordUpdates([100_000, 100_000]);
    expect(recording.nodes.map(({ op }) => op).filter((op) => op === 'Mul')).toHaveLength(2);
    expect(recording.effects).toHaveLength(2);
    expect(recording.inputs).toHaveLength(3);
  });
});
