import type { DeviceTensor } from './device-tensor.ts';
import { toTensorFlowError } from './errors.ts';
import { graphDef, outputReference } from './graph-def.ts';
import type { NativeModule } from './native-module.ts';
import type { Recording } from './recording.ts';

/** A recording that TensorFlow has compiled to a function. */
export interface DeviceFunction {
  readonly name: string;
  readonly recording: Recording;
  /**
   * Runs off the JavaScript thread. The caller owns the outputs, and may free the inputs as soon as this returns.
   * @throws TensorFlowError
   */
  run(inputs: readonly DeviceTensor[]): Promise<DeviceTensor[]>;
  /** Forgets the function. Runs in flight finish. */
  remove(): void;
}

/**
 * Makes a function of a recording.
 * @param name Unique in the process; it shows in TensorFlow's errors and profiles.
 * @throws TensorFlowError if the recording is not a valid graph.
 */
export function deviceFunction(native: NativeModule, name: string, recording: Recording): DeviceFunction {
  const { inputs: inputNames, outputs, effects } = recording;
  try {
    native.registerFunction(name, graphDef(recording), inputNames, outputs.map(outputReference), effects);
  } catch (error) {
    throw toTensorFlowError(error);
  }
  return {
    name,
    recording,
    async run(inputs) {
      try {
        const ids = await native.run(
          name,
          inputs.map(({ id }) => id),
          outputs.length,
        );
        return ids.map((id) => ({ id }));
      } catch (error) {
        throw toTensorFlowError(error);
      }
    },
    remove() {
      native.removeFunction(name);
    },
  };
}
