import { describe, expect, it } from 'vitest';

import { allReduceTimeOf, timeAllReduces } from './all-reduce-time.ts';
import { dataTypes } from './data-type.ts';
import { buildRecording, type Recording } from './recording.ts';

const scalar = { dataType: dataTypes.float32, shape: [] };

/** Two all-reduces, one after the other, and an operation that takes both sums. */
function twoReductions() {
  const builder = buildRecording();
  const part = builder.input(scalar);
  const reduce = (after: readonly string[]) =>
    builder.node('CollectiveReduceV2', { inputs: [part], after, outputs: [scalar], effect: true });
  const first = reduce([]);
  const second = reduce([first]);
  const inputs = [first, second, second].map((node) => ({ node, index: 0 }));
  const sum = builder.node('AddN', { inputs, outputs: [scalar] });
  return { part: part.node, first, second, sum, recording: builder.finish([{ node: sum, index: 0 }]) };
}

function afterOf({ nodes }: Recording, name: string): readonly string[] | undefined {
  return nodes.find((node) => node.name === name)?.after;
}

describe('the timing of all-reduces', () => {
  it('reads a clock before and after each, and nothing passes it by', () => {
    const { part, first, second, sum, recording } = twoReductions();
    const timed = timeAllReduces(recording);
    expect(afterOf(timed, `${first}/begin`)).toEqual([part]);
    expect(afterOf(timed, first)).toEqual([`${first}/begin`]);
    expect(afterOf(timed, `${second}/begin`)).toEqual([first, part]);
    expect(afterOf(timed, 'AllReduce/complete')).toEqual([part, part]);
    expect(afterOf(timed, second)).toEqual([first, 'AllReduce/complete', `${second}/begin`]);
    expect(afterOf(timed, sum)).toEqual([`${first}/end`, `${second}/end`]);
    for (const { name, inputs, after } of timed.nodes) {
      const made = timed.nodes.slice(
        0,
        timed.nodes.findIndex((node) => node.name === name),
      );
      for (const needed of [...after, ...inputs.map(({ node }) => node)])
        expect(made.map((node) => node.name)).toContain(needed);
    }
  });

  it('leaves alone what is computed, and returns the readings after everything else', () => {
    const { recording } = twoReductions();
    const timed = timeAllReduces(recording);
    const known = new Set(recording.nodes.map(({ name }) => name));
    const withoutOrder = ({ nodes }: Recording) =>
      nodes.filter(({ name }) => known.has(name)).map((node) => ({ ...node, after: [] }));
    expect(withoutOrder(timed)).toEqual(withoutOrder(recording));
    expect(timed).toMatchObject({ inputs: recording.inputs, effects: recording.effects });
    expect(timed.outputs).toEqual([...recording.outputs, { node: 'AllReduce/times', index: 0 }]);
  });

  it('changes nothing where nothing is reduced', () => {
    const builder = buildRecording();
    const recording = builder.finish([builder.input(scalar)]);
    expect(timeAllReduces(recording)).toBe(recording);
  });

  it('adds up the all-reduces, and tells how much of them came after the whole gradient was there', () => {
    // All parts there after 12 s; one all-reduce from 10 to 11 s, one from 11.5 to 14 s.
    const { totalMs, exposedMs } = allReduceTimeOf([12, 10, 11, 11.5, 14]);
    expect(totalMs).toBeCloseTo(3500, 9);
    expect(exposedMs).toBeCloseTo(2000, 9);
  });

  it('is never negative, although a clock may be set back', () => {
    expect(allReduceTimeOf([20, 20, 5])).toEqual({ totalMs: 0, exposedMs: 0 });
  });
});
