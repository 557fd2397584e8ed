import { describe, expect, it } from 'vitest';

import { dataTypes, type DataType } from '../data-type.ts';
import { attribute, buildRecording, type NodeOutput, type Recording } from '../recording.ts';
import { toHalfPrecision } from './half-precision.ts';

const { float32, float16, bfloat16, int32 } = dataTypes;
const type = attribute.type(float32);

/** Builds recordings of float32 nodes of one output. */
function builder() {
  const recording = buildRecording();
  return {
    node: (...given: Parameters<typeof recording.node>) => recording.node(...given),
    constant: (...given: Parameters<typeof recording.constant>) => recording.constant(...given),
    finish: (outputs: readonly NodeOutput[]) => recording.finish(outputs),
    image: () => recording.input({ dataType: float32, shape: [1] }),
    apply: (op: string, ...inputs: NodeOutput[]): NodeOutput => {
      const attributes = op === 'Cast' ? { SrcT: type, DstT: type } : { T: type };
      const node = recording.node(op, { inputs, attributes, outputs: [{ dataType: float32, shape: [1] }] });
      return { node, index: 0 };
    },
  };
}

function nodeOf({ nodes }: Recording, output: NodeOutput) {
  const node = nodes.find(({ name }) => name === output.node);
  if (node === undefined) throw new Error(`no node is named ${output.node}`);
  return node;
}

function typeOf(recording: Recording, output: NodeOutput): DataType {
  const { op, attributes } = nodeOf(recording, output);
  const value = attributes[op === 'Cast' ? 'DstT' : op === 'Placeholder' ? 'dtype' : 'T'];
  return value?.kind === 'type' ? value.value : -1;
}

const casts = ({ nodes }: Recording) => nodes.filter(({ op }) => op === 'Cast').length;

describe('the rewrite to half precision', () => {
  it.each([
    ['float16', float16],
    ['bfloat16', bfloat16],
  ] as const)('runs convolutions in %s and casts what they are given', (precision, half) => {
    const { image, apply, finish } = builder();
    const convolution = apply('Conv2D', image(), image());
    const rewritten = toHalfPrecision(finish([apply('Identity', convolution)]), precision);
    const { inputs } = nodeOf(rewritten, convolution);
    expect([convolution, ...inputs].map((each) => typeOf(rewritten, each))).toEqual([half, half, half]);
  });

  it('casts only at the borders of a chain that runs in half', () => {
    const { image, apply, finish } = builder();
    const first = apply('Conv2D', image(), image());
    const relu = apply('Relu', first);
    const second = apply('Conv2D', relu, image());
    const sum = apply('Add', second, relu);
    const rewritten = toHalfPrecision(finish([apply('Identity', apply('Relu', sum))]), 'float16');
    // One image, two filters and the end.
    expect(casts(rewritten)).toBe(4);
    for (const each of [relu, second, sum]) expect(typeOf(rewritten, each)).toBe(float16);
  });

  it('casts a value once, however many take it', () => {
    const { image, apply, finish } = builder();
    const [x, filter] = [image(), image()];
    const convolutions = [apply('Conv2D', x, filter), apply('Conv2D', x, filter)];
    const outputs = convolutions.flatMap((each) => [apply('Identity', each), apply('Identity', each)]);
    expect(casts(toHalfPrecision(finish(outputs), 'float16'))).toBe(4);
  });

  it('leaves float32 what has nothing to do with a convolution', () => {
    const { image, apply, finish } = builder();
    const recording = finish([apply('Identity', apply('Relu', apply('Add', image(), image())))]);
    expect(toHalfPrecision(recording, 'float16')).toEqual(recording);
  });

  it('keeps gradients of filters float32 for all that is done with them', () => {
    const { image, constant, apply, node, finish } = builder();
    const sizes = constant({ dataType: int32, shape: [4], data: new Uint8Array(16) });
    const gradient = {
      node: node('Conv2DBackpropFilter', { inputs: [image(), sizes, image()], attributes: { T: type } }),
      index: 0,
    };
    const decayed = apply('Add', gradient, image());
    const rewritten = toHalfPrecision(finish([apply('Identity', decayed)]), 'float16');
    expect(typeOf(rewritten, gradient)).toBe(float16);
    expect(typeOf(rewritten, decayed)).toBe(float32);
    expect(nodeOf(rewritten, gradient).inputs[1]).toEqual(sizes);
  });

  it('keeps scale, offset and statistics of a batch normalisation float32', () => {
    const { image, apply, node, finish } = builder();
    const [gamma, beta, unused] = [image(), image(), image()];
    const spec = { dataType: float32, shape: [1] };
    const name = node('FusedBatchNormV3', {
      inputs: [apply('Conv2D', image(), image()), gamma, beta, unused, unused],
      attributes: { T: type, U: type },
      outputs: [spec, spec, spec],
    });
    const rewritten = toHalfPrecision(finish([{ node: name, index: 1 }]), 'float16');
    const normalisation = nodeOf(rewritten, { node: name, index: 0 });
    expect(normalisation.inputs.slice(1)).toEqual([gamma, beta, unused, unused]);
    expect(normalisation.attributes.U).toEqual(type);
    expect(normalisation.outputs.map(({ dataType }) => dataType)).toEqual([float16, float32, float32]);
    // A statistic is an output as it is.
    expect(rewritten.outputs).toEqual([{ node: name, index: 1 }]);
  });

  it('turns a cast from float32 to float32 on its way into one from half to half', () => {
    const { image, apply, finish } = builder();
    const cast = apply('Cast', apply('AvgPool', apply('Conv2D', image(), image())));
    const rewritten = toHalfPrecision(
      finish([apply('Identity', apply('Conv2D', cast, image()))]),
      'bfloat16',
    );
    expect(nodeOf(rewritten, cast).attributes).toEqual({
      SrcT: attribute.type(bfloat16),
      DstT: attribute.type(bfloat16),
    });
  });

  it('keeps inputs, effects and order of effects', () => {
    const { image, apply, node, finish } = builder();
    const written = node('AssignVariableOp', {
      inputs: [apply('Conv2D', image(), image())],
      after: ['Reader'],
      effect: true,
    });
    const recording = finish([]);
    const rewritten = toHalfPrecision(recording, 'float16');
    expect(rewritten.inputs).toEqual(recording.inputs);
    expect(rewritten.effects).toEqual([written]);
    expect(nodeOf(rewritten, { node: written, index: 0 }).after).toEqual(['Reader']);
  });

  it('has every node after those it takes from', () => {
    const { image, apply, finish } = builder();
    const x = apply('Relu', apply('Conv2D', image(), image()));
    const { nodes } = toHalfPrecision(finish([apply('Identity', apply('Mean', x))]), 'float16');
    const seen = new Set<string>();
    for (const { name, inputs } of nodes) {
      for (const input of inputs) expect(seen).toContain(input.node);
      seen.add(name);
    }
    expect(seen.size).toBe(nodes.length);
  });
});
