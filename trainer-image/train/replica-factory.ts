import { performance } from 'node:perf_hooks';

import { isTrainable, type Network } from '../model/network.ts';
import { capture } from '../tensorflow/capture.ts';
import { maximumRecording, sumRecording } from '../tensorflow/collectives.ts';
import { deviceFunction, type DeviceFunction } from '../tensorflow/device-function.ts';
import { download, free, upload, uploadScalar, type DeviceTensor } from '../tensorflow/device-tensor.ts';
import { PeerLost, TensorFlowError } from '../tensorflow/errors.ts';
import { elementCount, float32Tensor, float32Values, type HostTensor } from '../tensorflow/host-tensor.ts';
import type { NativeModule } from '../tensorflow/native-module.ts';
import type { Recording } from '../tensorflow/recording.ts';
import type { TensorFlow } from '../tensorflow/tensorflow.ts';
import { createVariables } from '../tensorflow/variables.ts';
import { evaluationMetrics, evaluationSignature, evaluationStep } from './evaluation-step.ts';
import { agreementReached, agreementVector, hashTensors } from './replica-agreement.ts';
import { ReplicasDiverged, type Batch, type Replica } from './replica.ts';
import {
  momentumName,
  stepMetrics,
  trainStep,
  trainStepSignature,
  type OptimizerSettings,
} from './train-step.ts';

export interface ReplicaOptions {
  readonly tensorflow: TensorFlow;
  readonly network: Network;
  readonly optimizer: OptimizerSettings;
  /** A value of every variable of the network. All ranks must have the same: draw them from one seed. */
  readonly initialValues: readonly HostTensor[];
}

/** Codes with which a collective operation fails when another rank is gone. */
const peerLostCodes = new Set([
  'UNAVAILABLE',
  'ABORTED',
  'CANCELLED',
  'DEADLINE_EXCEEDED',
  'FAILED_PRECONDITION',
]);

/** Puts a network on this rank's device. At most one replica per process may be open. */
export async function createReplica(options: ReplicaOptions): Promise<Replica> {
  const { tensorflow, network, optimizer } = options;
  const { native, worldSize } = tensorflow;
  const variables = await createVariables(native, 'replica', withMomentum(network, options.initialValues));
  const networkHandles = variables.handles.slice(0, network.variables.length);

  // A function is recorded for each size of batch; there are two, as the last of an epoch may be smaller.
  const functions = functionCache(native);
  const stepFunction = (count: number) =>
    functions.get(`step/${count}`, () =>
      capture(tensorflow, trainStepSignature(network, count), (values, inputs) =>
        trainStep(tensorflow, network, optimizer, values, inputs),
      ),
    );
  const evaluationFunction = (count: number) =>
    functions.get(`evaluate/${count}`, () =>
      capture(tensorflow, evaluationSignature(network, count), (values, inputs) =>
        evaluationStep(tensorflow, network, values, inputs),
      ),
    );

  /** Runs a function of one output, freeing its inputs. */
  async function runOnce(
    device: DeviceFunction,
    handles: readonly DeviceTensor[],
    inputs: readonly DeviceTensor[],
  ): Promise<HostTensor> {
    const running = device.run([...handles, ...inputs]);
    free(native, inputs);
    const outputs = await running;
    try {
      const [output] = outputs;
      if (output === undefined) throw new TypeError(`${device.name} returned nothing`);
      return download(native, output, device.name);
    } finally {
      free(native, outputs);
    }
  }

  async function reduce(
    kind: 'sum' | 'maximum',
    record: (worldSize: number, length: number) => Recording,
    values: readonly number[],
  ): Promise<number[]> {
    if (worldSize === 1 || values.length === 0) return [...values];
    const device = functions.get(`${kind}/${values.length}`, () => record(worldSize, values.length));
    const input = upload(native, 'float64', [values.length], Float64Array.from(values));
    const { data } = await collectively(() => runOnce(device, [], [input]));
    return [...new Float64Array(data.slice().buffer)];
  }

  return {
    parameterCount: network.variables
      .filter(isTrainable)
      .reduce((total, { shape }) => total + elementCount(shape), 0),

    async step(batch, { learningRate, globalCount, stopRequested }) {
      const startMs = performance.now();
      requireBatch(network, batch);
      const device = stepFunction(batch.count);
      const inputs = [
        ...uploadBatch(native, network, batch),
        ...[learningRate, globalCount, stopRequested ? 1 : 0].map((value) => uploadScalar(native, value)),
      ];
      const run = () => runOnce(device, variables.handles, inputs);
      const metrics = float32Values(await (worldSize === 1 ? run() : collectively(run)));
      return {
        loss: metricAt(metrics, stepMetrics.loss),
        finite: metricAt(metrics, stepMetrics.finite) === 1,
        gradientNorm: metricAt(metrics, stepMetrics.gradientNorm),
        correct: metricAt(metrics, stepMetrics.correct),
        stopRequested: metricAt(metrics, stepMetrics.stopRequested) === 1,
        durationMs: performance.now() - startMs,
      };
    },

    async evaluate(batch) {
      requireBatch(network, batch);
      const device = evaluationFunction(batch.count);
      const inputs = uploadBatch(native, network, batch);
      const metrics = float32Values(await runOnce(device, networkHandles, inputs));
      return {
        lossSum: metricAt(metrics, evaluationMetrics.lossSum),
        top1: metricAt(metrics, evaluationMetrics.top1),
        top5: metricAt(metrics, evaluationMetrics.top5),
        count: batch.count,
      };
    },

    allReduceSum: (values) => reduce('sum', sumRecording, values),

    async verifyAgreement() {
      const hash = hashTensors(await variables.readAll());
      const largest = await reduce('maximum', maximumRecording, agreementVector(hash));
      if (!agreementReached(largest)) {
        throw new ReplicasDiverged(`rank ${tensorflow.rank} holds ${hash}, another rank holds other weights`);
      }
      return hash;
    },

    snapshot: () => variables.readAll(),

    async restore(tensors) {
      const given = new Map(tensors.map((tensor) => [tensor.name, tensor]));
      const wanted = new Set(variables.shapes.map(({ name }) => name));
      const unknown = tensors.find(({ name }) => !wanted.has(name));
      if (unknown !== undefined) throw new RangeError(`the model has no tensor named ${unknown.name}`);
      const values = variables.shapes.map(({ name, shape }, index) => {
        const tensor = given.get(name);
        if (tensor !== undefined) return tensor;
        if (index < network.variables.length) throw new RangeError(`the snapshot lacks ${name}`);
        return zeros(name, shape);
      });
      await variables.assignAll(values);
    },

    async close() {
      functions.clear();
      await variables.destroy();
    },
  };
}

function withMomentum(network: Network, initial: readonly HostTensor[]): HostTensor[] {
  const given = new Map(initial.map((tensor) => [tensor.name, tensor]));
  const values = network.variables.map(({ name, shape }) => {
    const tensor = given.get(name);
    if (tensor === undefined) throw new RangeError(`${name} has no initial value`);
    if (tensor.shape.join() !== shape.join()) {
      throw new RangeError(
        `the initial value of ${name} has shape [${tensor.shape.join(', ')}], expected [${shape.join(', ')}]`,
      );
    }
    return tensor;
  });
  const momenta = network.variables
    .filter(isTrainable)
    .map(({ name, shape }) => zeros(momentumName(name), shape));
  return [...values, ...momenta];
}

function zeros(name: string, shape: readonly number[]): HostTensor {
  return float32Tensor(name, shape, new Float32Array(elementCount(shape)));
}

/** Functions by name, recorded when first asked for. */
function functionCache(native: NativeModule) {
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

function uploadBatch(native: NativeModule, network: Network, batch: Batch): DeviceTensor[] {
  return [
    upload(native, 'float32', [batch.count, ...network.imageShape], batch.images),
    upload(native, 'float32', [batch.count, network.classes], batch.targets),
  ];
}

function requireBatch(network: Network, { images, targets, count }: Batch): void {
  const imageElements = count * elementCount(network.imageShape);
  const targetElements = count * network.classes;
  if (!Number.isInteger(count) || count < 1)
    throw new RangeError(`a batch of ${count} samples cannot be used`);
  if (images.length !== imageElements) {
    throw new RangeError(`${count} images have ${imageElements} elements, got ${images.length}`);
  }
  if (targets.length !== targetElements) {
    throw new RangeError(`${count} targets have ${targetElements} elements, got ${targets.length}`);
  }
}

function metricAt(metrics: Float32Array, index: number): number {
  const metric = metrics[index];
  if (metric === undefined) throw new RangeError(`the step returned no metric ${index}`);
  return metric;
}

/** Tells the loss of a peer from other errors. */
async function collectively<Result>(run: () => Promise<Result>): Promise<Result> {
  try {
    return await run();
  } catch (error) {
    if (error instanceof TensorFlowError && peerLostCodes.has(error.code)) {
      throw new PeerLost('another rank ended or became unreachable during an all-reduce', { cause: error });
    }
    throw error;
  }
}
