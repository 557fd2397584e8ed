import { timeAllReduces } from '../tensorflow/all-reduce-time.ts';
import { assignInTurn } from '../tensorflow/assign-in-turn.ts';
import { capture, type CaptureResult, type NamedTensors } from '../tensorflow/capture.ts';
import { deviceFunction, type DeviceFunction } from '../tensorflow/device-function.ts';
import { inPrecision, type ComputePrecision } from '../tensorflow/precision/compute-precision.ts';
import type { Recording } from '../tensorflow/recording.ts';
import type { TensorFlow } from '../tensorflow/tensorflow.ts';
import { accumulate, accumulatorVariables, withAccumulated } from './accumulation.ts';
import { localContributions } from './contributions.ts';
import { diagnosisStep } from './diagnosis.ts';
import { evaluationSignature, evaluationStep } from './evaluation-step.ts';
import type { StepSettings } from './step-settings.ts';
import { stepSignature, trainStep } from './train-step.ts';

/**
 * The functions of a replica, as recordings. Each takes the handles of its variables first: those of the replica, of
 * its teacher, and of the accumulators where it has to do with them. What trains returns as its last output how long its
 * all-reduces took, if it has any.
 */
export function replicaRecordings(
  tensorflow: TensorFlow,
  settings: StepSettings,
  precision: ComputePrecision,
) {
  const record = (
    signature: Parameters<typeof capture>[1],
    body: (values: NamedTensors, inputs: NamedTensors) => CaptureResult,
  ) => assignInTurn(inPrecision(capture(tensorflow, signature, body), precision));
  /** With all-reduces that are timed, if there are any. */
  const recordTimed = (...given: Parameters<typeof record>) => timeAllReduces(record(...given));
  const local = (values: NamedTensors, inputs: NamedTensors) =>
    localContributions(tensorflow, settings, values, inputs);

  return {
    /** A whole step. */
    step: (count: number) =>
      recordTimed(stepSignature(settings, count), (values, inputs) =>
        trainStep(tensorflow, settings, values, inputs, local(values, inputs)),
      ),
    /** The first piece of a step of several. */
    accumulateFirst: (count: number) =>
      recordTimed(stepSignature(settings, count, accumulatorVariables(settings)), (values, inputs) =>
        accumulate(local(values, inputs)),
      ),
    /** A piece between the first and the last. */
    accumulateNext: (count: number) =>
      recordTimed(stepSignature(settings, count, accumulatorVariables(settings)), (values, inputs) =>
        accumulate(withAccumulated(values, local(values, inputs))),
      ),
    /** The last piece and the update. */
    accumulatedStep: (count: number) =>
      recordTimed(stepSignature(settings, count, accumulatorVariables(settings)), (values, inputs) =>
        trainStep(tensorflow, settings, values, inputs, withAccumulated(values, local(values, inputs))),
      ),
    /** Which tensors of a step are not finite. */
    diagnose: (count: number) =>
      record(stepSignature(settings, count), (values, inputs) =>
        diagnosisStep(tensorflow, settings, values, inputs),
      ),
    /** Takes the network's variables, or their averages. */
    evaluate: (count: number) =>
      record(evaluationSignature(settings.network, count), (values, inputs) =>
        evaluationStep(tensorflow, settings.network, values, inputs),
      ),
  };
}

/** Functions by name, recorded when first asked for. */
export function functionCache({ native }: TensorFlow) {
  const functions = new Map<string, DeviceFunction>();
  return {
    get(name: string, record: () => Recording): DeviceFunction {
      const known = functions.get(name);
      if (known !== undefined) return known;
      const made = deviceFunction(native, name, record());
      functions.set(name, made);
      return made;
    },
    clear() {
      for (const each of functions.values()) each.remove();
      functions.clear();
    },
  };
}
