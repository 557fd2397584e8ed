import { fromBindingAttribute } from './binding-attributes.ts';
import { CaptureError } from './errors.ts';
import type {
  BindingAttribute,
  BindingCalls,
  BindingTensor,
  RecordableBinding,
} from './recordable-binding.ts';
import { buildRecording, type AttributeValue, type NodeOutput, type Recording } from './recording.ts';
import { effectOperations, standIns } from './stand-ins.ts';
import { createTracedTensors } from './traced-tensors.ts';

/**
 * Larger constants are almost surely a mistake: data that should be an input, or a gradient of TensorFlow.js that
 * makes a tensor of ones on the host.
 */
const largestConstantBytes = 1 << 20;

/** Writes down what TensorFlow.js executes. */
export interface Recorder extends BindingCalls {
  /** Where the recording has the first output of the operation that was executed last. */
  lastOutput(): NodeOutput;
  /** The recording so far, with these outputs. */
  finish(outputs: readonly NodeOutput[]): Recording;
  /** Frees whatever the recorded code left behind. */
  freeAll(): void;
}

/**
 * A recorder at the level of the binding: below the gradients of TensorFlow.js, above TensorFlow. It executes operations,
 * on zeros where the recorded code gets its inputs, for the shapes of their results.
 */
export function createRecorder(recordable: RecordableBinding): Recorder {
  const { eager, binding } = recordable;
  const builder = buildRecording();
  /** Where the recording has a tensor of the binding. */
  const outputOf = new Map<number, NodeOutput>();
  const tensors = createTracedTensors(eager);
  const order = createEffectOrder();
  let last: NodeOutput | undefined;

  function executeOp(
    op: string,
    given: BindingAttribute[],
    inputs: number[],
    outputCount: number,
  ): BindingTensor[] {
    const nodeInputs = inputs.map((input, position) => {
      const output = outputOf.get(input);
      if (output === undefined) {
        throw new CaptureError(
          `input ${position} of ${op} was made outside the captured function; pass it as an input of the function`,
        );
      }
      return output;
    });
    const attributes: Record<string, AttributeValue> = {};
    for (const each of given) attributes[each.name] = fromBindingAttribute(binding, each);
    const standIn = standIns.get(op);
    const results =
      standIn === undefined
        ? tensors.execute(op, given, inputs, outputCount)
        : tensors.standIns(standIn(attributes, inputs.map(tensors.specOf)));
    const outputs = results.map(({ dtype, shape }) => ({ dataType: dtype, shape }));
    let node: string;
    if (op === 'Placeholder') {
      const [spec] = outputs;
      if (spec === undefined) throw new CaptureError('a Placeholder has no output');
      ({ node } = builder.input(spec));
    } else {
      const after = order.before(op, nodeInputs);
      node = builder.node(op, {
        ...{ inputs: nodeInputs, attributes, after, outputs },
        effect: effectOperations.has(op),
      });
      order.add(node, op, nodeInputs);
    }
    results.forEach((result, index) => {
      outputOf.set(result.id, { node, index });
    });
    last = { node, index: 0 };
    return results;
  }

  return {
    executeOp,
    createTensor(shape, dataType, values) {
      if (!ArrayBuffer.isView(values)) {
        throw new CaptureError('only numbers can be constants of a captured function');
      }
      if (values.byteLength > largestConstantBytes) {
        throw new CaptureError(
          `a constant of ${values.byteLength} bytes and shape [${shape.join(', ')}] was made inside the captured function; make it an input`,
        );
      }
      const tensor = eager.createTensor(shape, dataType, values);
      const data = new Uint8Array(values.buffer, values.byteOffset, values.byteLength).slice();
      tensors.add(tensor, { shape, dtype: dataType });
      outputOf.set(tensor, builder.constant({ dataType, shape, data }));
      return tensor;
    },
    deleteTensor(tensor) {
      outputOf.delete(tensor);
      tensors.delete(tensor);
    },
    tensorDataSync() {
      throw new CaptureError(
        'a value was read while a function was being captured; it would be frozen into every run. Return it as an output instead',
      );
    },
    lastOutput() {
      if (last === undefined) throw new CaptureError('nothing was recorded yet');
      return last;
    },
    finish: (outputs) => builder.finish(outputs),
    freeAll: tensors.freeAll,
  };
}

/** Keeps effects in the order in which they were recorded, where that order matters. */
function createEffectOrder() {
  /** Nodes that have to be done before the variable may be written or read again, by the node of its handle. */
  const readers = new Map<string, string[]>();
  const writer = new Map<string, string>();
  let collective: string | undefined;

  const handleOf = (inputs: readonly NodeOutput[]): string => inputs[0]?.node ?? '';
  return {
    /** What the next node has to wait for, besides its inputs. */
    before(op: string, inputs: readonly NodeOutput[]): string[] {
      const handle = handleOf(inputs);
      const lastWrite = writer.get(handle);
      switch (op) {
        case 'ReadVariableOp':
          return lastWrite === undefined ? [] : [lastWrite];
        case 'AssignVariableOp':
          return [...(readers.get(handle) ?? []), ...(lastWrite === undefined ? [] : [lastWrite])];
        case 'CollectiveReduceV2':
          // All ranks have to start them in the same order, or NCCL waits for ever.
          return collective === undefined ? [] : [collective];
        default:
          return [];
      }
    },
    add(node: string, op: string, inputs: readonly NodeOutput[]): void {
      const handle = handleOf(inputs);
      if (op === 'ReadVariableOp') readers.set(handle, [...(readers.get(handle) ?? []), node]);
      if (op === 'AssignVariableOp') {
        writer.set(handle, node);
        readers.delete(handle);
      }
      if (op === 'CollectiveReduceV2') collective = node;
    },
  };
}
