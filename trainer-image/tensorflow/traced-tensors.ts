import { dataTypes, type DataType } from './data-type.ts';
import { CaptureError } from './errors.ts';
import { elementCount } from './host-tensor.ts';
import type { BindingAttribute, BindingCalls, BindingTensor } from './recordable-binding.ts';

/** What is known of a tensor while it is traced. */
export type TracedSpec = Omit<BindingTensor, 'id'>;

/** Larger results are not kept: 64 KiB. What decides over shapes, such as a list of axes, is far smaller. */
const largestKeptBytes = 1 << 16;

/** Above all numbers that the binding gives its tensors. */
const firstStandIn = 2 ** 40;

/**
 * The tensors that TensorFlow.js holds while it is traced. It asks for the shape of every result, and for nothing else of
 * the large ones: of those only the shape is kept, and zeros are made where an operation is executed for the shape of its
 * results. Otherwise tracing a training step would hold all its activations, gradients and intermediate values at once,
 * several times what training takes.
 */
export interface TracedTensors {
  /** Adds a tensor of the binding, whose value counts. */
  add(id: number, spec: TracedSpec): void;
  /** Adds tensors of which only the shape is known. */
  standIns(specs: readonly TracedSpec[]): BindingTensor[];
  readonly specOf: (id: number) => TracedSpec;
  /** The results of an operation: executed, unless it was before on inputs of these shapes. */
  execute(op: string, attributes: BindingAttribute[], inputs: number[], outputCount: number): BindingTensor[];
  delete(id: number): void;
  readonly freeAll: () => void;
}

export function createTracedTensors(eager: BindingCalls): TracedTensors {
  const specs = new Map<number, TracedSpec>();
  const executed = new Map<string, readonly TracedSpec[]>();
  let next = firstStandIn;
  let zeroBytes = new ArrayBuffer(0);

  const specOf = (id: number): TracedSpec => {
    const spec = specs.get(id);
    if (spec === undefined) throw new CaptureError(`there is no tensor ${id}`);
    return spec;
  };

  function standIns(given: readonly TracedSpec[]): BindingTensor[] {
    return given.map(({ shape, dtype }) => {
      const id = next++;
      specs.set(id, { shape, dtype });
      return { id, shape: [...shape], dtype };
    });
  }

  function zeros({ shape, dtype }: TracedSpec): number {
    const count = elementCount(shape);
    if (zeroBytes.byteLength < 4 * count) zeroBytes = new ArrayBuffer(4 * count);
    switch (dtype) {
      case dataTypes.float32:
        return eager.createTensor([...shape], dtype, new Float32Array(zeroBytes, 0, count));
      case dataTypes.int32:
        return eager.createTensor([...shape], dtype, new Int32Array(zeroBytes, 0, count));
      case dataTypes.bool:
        return eager.createTensor([...shape], dtype, new Uint8Array(zeroBytes, 0, count));
      default:
        throw new CaptureError(`tensors of data type ${dtype} cannot be captured: use float32 or int32`);
    }
  }

  function executeForShapes(
    op: string,
    attributes: BindingAttribute[],
    inputs: readonly number[],
    outputCount: number,
  ): BindingTensor[] {
    const made: number[] = [];
    const given = inputs.map((id) => {
      if (id < firstStandIn) return id;
      const zero = zeros(specOf(id));
      made.push(zero);
      return zero;
    });
    try {
      return eager.executeOp(op, attributes, given, outputCount);
    } finally {
      for (const id of made) eager.deleteTensor(id);
    }
  }

  return {
    add(id, spec) {
      specs.set(id, spec);
    },
    standIns,
    specOf,
    execute(op, attributes, inputs, outputCount) {
      const inputSpecs = inputs.map(specOf);
      // Values decide over shapes only where they are integers: axes, sizes, places.
      const byShapes = inputSpecs.every(({ dtype }) => dtype !== dataTypes.int32);
      const key = JSON.stringify([op, attributes, inputSpecs, outputCount]);
      const known = byShapes ? executed.get(key) : undefined;
      if (known !== undefined) return standIns(known);
      const results = executeForShapes(op, attributes, inputs, outputCount);
      // What comes back from memory is zeros, so integers, over which values decide, are computed each time.
      const forgetsNothing = results.every(({ dtype }) => canBeZeros(dtype) && dtype !== dataTypes.int32);
      if (byShapes && forgetsNothing) executed.set(key, results);
      return results.flatMap((result) => {
        const { id, shape, dtype } = result;
        if (canBeZeros(dtype) && 4 * elementCount(shape) > largestKeptBytes) {
          eager.deleteTensor(id);
          return standIns([{ shape, dtype }]);
        }
        specs.set(id, { shape, dtype });
        return [result];
      });
    },
    delete(id) {
      // Numbers of the binding are not used twice, so a deleted tensor cannot be mistaken for another.
      specs.delete(id);
      if (id < firstStandIn) eager.deleteTensor(id);
    },
    freeAll() {
      for (const id of specs.keys()) if (id < firstStandIn) eager.deleteTensor(id);
      specs.clear();
    },
  };
}

function canBeZeros(dataType: DataType): boolean {
  return dataType === dataTypes.float32 || dataType === dataTypes.int32 || dataType === dataTypes.bool;
}
