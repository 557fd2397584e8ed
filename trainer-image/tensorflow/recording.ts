import type { DataType } from './data-type.ts';

/**
 * A computation as plain data: what was recorded, or written by hand, before it becomes a TensorFlow function.
 * Being data, a recording can be inspected in tests and rewritten by pure functions, for instance to compute in
 * another precision.
 */
export interface Recording {
  readonly nodes: readonly RecordedNode[];
  /** Names of the `Placeholder` nodes that are the function's inputs, in order. */
  readonly inputs: readonly string[];
  readonly outputs: readonly NodeOutput[];
  /** Names of nodes with side effects, which have to run although no output needs them. */
  readonly effects: readonly string[];
}

export interface RecordedNode {
  /** Unique in the recording. */
  readonly name: string;
  /** Name of the TensorFlow operation, as in `Conv2D`. */
  readonly op: string;
  readonly inputs: readonly NodeOutput[];
  /** Names of nodes that have to be done before this one starts. */
  readonly after: readonly string[];
  readonly attributes: Readonly<Record<string, AttributeValue>>;
  /** What was seen of the outputs while recording; absent where nothing was executed. */
  readonly outputs: readonly TensorSpec[];
}

/** The `index`-th output of a node. */
export interface NodeOutput {
  readonly node: string;
  readonly index: number;
}

interface TensorSpec {
  readonly dataType: DataType;
  readonly shape: readonly number[];
}

export type AttributeValue =
  | { readonly kind: 'string'; readonly value: string }
  | { readonly kind: 'int'; readonly value: number }
  | { readonly kind: 'ints'; readonly value: readonly number[] }
  | { readonly kind: 'float'; readonly value: number }
  | { readonly kind: 'floats'; readonly value: readonly number[] }
  | { readonly kind: 'bool'; readonly value: boolean }
  | { readonly kind: 'bools'; readonly value: readonly boolean[] }
  | { readonly kind: 'type'; readonly value: DataType }
  | { readonly kind: 'shape'; readonly value: readonly number[] }
  | { readonly kind: 'tensor'; readonly value: ConstantTensor };

/** Elements in C order, little-endian. */
export interface ConstantTensor extends TensorSpec {
  readonly data: Uint8Array;
}

export const attribute = {
  string: (value: string): AttributeValue => ({ kind: 'string', value }),
  int: (value: number): AttributeValue => ({ kind: 'int', value }),
  ints: (value: readonly number[]): AttributeValue => ({ kind: 'ints', value }),
  float: (value: number): AttributeValue => ({ kind: 'float', value }),
  bool: (value: boolean): AttributeValue => ({ kind: 'bool', value }),
  type: (value: DataType): AttributeValue => ({ kind: 'type', value }),
  shape: (value: readonly number[]): AttributeValue => ({ kind: 'shape', value }),
  tensor: (value: ConstantTensor): AttributeValue => ({ kind: 'tensor', value }),
} as const;

/** Writes a recording node by node. */
export interface RecordingBuilder {
  /** Adds a node and returns its name. */
  node(op: string, details: Partial<Omit<RecordedNode, 'name' | 'op'>> & { effect?: boolean }): string;
  /** Adds a `Placeholder` that is the next input of the function. */
  input(spec: TensorSpec): NodeOutput;
  constant(value: ConstantTensor): NodeOutput;
  /** The recording so far, with these outputs. */
  finish(outputs: readonly NodeOutput[]): Recording;
}

export function buildRecording(): RecordingBuilder {
  const nodes: RecordedNode[] = [];
  const inputs: string[] = [];
  const effects: string[] = [];
  const builder: RecordingBuilder = {
    node(op, { inputs: nodeInputs = [], after = [], attributes = {}, outputs = [], effect = false }) {
      const name = `${op}_${nodes.length}`;
      nodes.push({ name, op, inputs: nodeInputs, after, attributes, outputs });
      if (effect) effects.push(name);
      return name;
    },
    input(spec) {
      const name = builder.node('Placeholder', {
        attributes: { dtype: attribute.type(spec.dataType), shape: attribute.shape(spec.shape) },
        outputs: [spec],
      });
      inputs.push(name);
      return { node: name, index: 0 };
    },
    constant(value) {
      const { dataType, shape } = value;
      const node = builder.node('Const', {
        attributes: { dtype: attribute.type(dataType), value: attribute.tensor(value) },
        outputs: [{ dataType, shape }],
      });
      return { node, index: 0 };
    },
    finish: (outputs) => ({ nodes: [...nodes], inputs: [...inputs], outputs, effects: [...effects] }),
  };
  return builder;
}
