import { performance } from 'node:perf_hooks';

import { isTrainable } from '../model/network.ts';
import { allReduceTimeOf, type AllReduceTime } from '../tensorflow/all-reduce-time.ts';
import { maximumRecording, sumRecording } from '../tensorflow/collectives.ts';
import { dataTypes } from '../tensorflow/data-type.ts';
import type { DeviceFunction } from '../tensorflow/device-function.ts';
import { download, free, upload, uploadFloats, type DeviceTensor } from '../tensorflow/device-tensor.ts';
import { PeerLost, TensorFlowError } from '../tensorflow/errors.ts';
import { fingerprintRecording } from '../tensorflow/fingerprint.ts';
import {
  elementCount,
  floatValues,
  toFloat,
  zeroTensor,
  type HostTensor,
} from '../tensorflow/host-tensor.ts';
import { storagePrecision, type ComputePrecision } from '../tensorflow/precision/compute-precision.ts';
import type { Recording } from '../tensorflow/recording.ts';
import type { TensorFlow } from '../tensorflow/tensorflow.ts';
import { createVariables, type Variables } from '../tensorflow/variables.ts';
import { accumulatorVariables } from './accumulation.ts';
import { requireBatch, splitBatch, uploadBatch } from './batch-upload.ts';
import { suspects } from './diagnosis.ts';
import { evaluationMetrics } from './evaluation-step.ts';
import { agreementReached, agreementVector } from './replica-agreement.ts';
import { functionCache, replicaRecordings } from './replica-functions.ts';
import { ReplicasDiverged, type Batch, type Replica, type StepInputs } from './replica.ts';
import {
  averageName,
  momentumName,
  replicaVariables,
  teacherName,
  type StepSettings,
  type VariableShape,
} from './step-settings.ts';
import { scalarInputs, stepMetrics } from './train-step.ts';

export interface ReplicaOptions {
  readonly tensorflow: TensorFlow;
  readonly settings: StepSettings;
  /** What convolutions compute in. */
  readonly precision: ComputePrecision;
  /** In how many pieces a step computes its batch. */
  readonly accumulationSteps: number;
  /** A value of every variable of the network. All ranks must have the same: draw them from one seed. */
  readonly initialValues: readonly HostTensor[];
  /** A value of every variable of the teacher's network, if there is a teacher. */
  readonly teacherValues?: readonly HostTensor[];
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
  const { tensorflow, settings, precision, accumulationSteps } = options;
  const { network } = settings;
  const { native, worldSize } = tensorflow;
  const dtype = storagePrecision(precision);
  const floats = (tensors: readonly HostTensor[]) => tensors.map((tensor) => toFloat(tensor, dtype));
  const create = (scope: string, initial: readonly HostTensor[]) =>
    createVariables(native, scope, floats(initial));

  const variables = await create('replica', replicaValues(settings, options.initialValues));
  const teacher = await create('teacher', teacherValues(settings, options.teacherValues ?? []));
  const accumulators = await create(
    'accumulators',
    accumulationSteps === 1
      ? []
      : accumulatorVariables(settings).map(({ name, shape }) => zeroTensor(name, shape)),
  );
  const groups: readonly Variables[] = [variables, teacher, accumulators];
  const stepHandles = [...variables.handles, ...teacher.handles];
  const handleOf = new Map(variables.shapes.map(({ name }, index) => [name, variables.handles[index]]));
  const evaluated = network.variables.flatMap(({ name }) => {
    const handle = handleOf.get(settings.averagingDecay === undefined ? name : averageName(name));
    return handle === undefined ? [] : [handle];
  });

  // A function is recorded for each size of batch; there are few.
  const functions = functionCache(tensorflow);
  const recordings = replicaRecordings(tensorflow, settings, precision);
  const functionOf = (kind: keyof typeof recordings, count: number) =>
    functions.get(`${kind}/${count}`, () => recordings[kind](count));

  /** Runs a function, freeing its inputs. */
  async function run(
    device: DeviceFunction,
    handles: readonly DeviceTensor[],
    inputs: readonly DeviceTensor[],
  ) {
    const running = device.run([...handles, ...inputs]);
    free(native, inputs);
    const outputs = await running;
    try {
      return outputs.map((output) => download(native, output, device.name));
    } finally {
      free(native, outputs);
    }
  }

  /** Runs a function of one output. */
  async function runForOne(...given: Parameters<typeof run>): Promise<HostTensor> {
    const [output] = await run(...given);
    if (output === undefined) throw new TypeError(`${given[0].name} returned nothing`);
    return output;
  }

  const collectively = worldSize === 1 ? <Result>(act: () => Promise<Result>) => act() : watchPeers;

  const stepInputs = (batch: Batch, inputs: StepInputs) => {
    const { learningRate, globalCount, stopRequested, lossScale = 1 } = inputs;
    const scalars = { learningRate, globalCount, stopRequested: stopRequested ? 1 : 0, lossScale };
    return [
      ...uploadBatch(native, network, batch, dtype),
      ...scalarInputs.map((name) => uploadFloats(native, dtype, [], [scalars[name]])),
    ];
  };

  /** Computes a batch piece by piece and updates with the last. Returns what all of them did, in order. */
  async function stepInPieces(batch: Batch, inputs: StepInputs): Promise<HostTensor[]> {
    const pieces = splitBatch(batch, accumulationSteps);
    const handles = [...stepHandles, ...accumulators.handles];
    // Only the last piece asks, or one rank would count as several.
    const silent = { ...inputs, stopRequested: false };
    const times: HostTensor[] = [];
    for (const [index, piece] of pieces.slice(0, -1).entries()) {
      const device = functionOf(index === 0 ? 'accumulateFirst' : 'accumulateNext', piece.count);
      times.push(...(await run(device, handles, stepInputs(piece, silent))));
    }
    const last = pieces.at(-1) ?? batch;
    const device = functionOf('accumulatedStep', last.count);
    return [...(await run(device, handles, stepInputs(last, inputs))), ...times];
  }

  async function reduce(
    kind: 'sum' | 'maximum',
    record: (worldSize: number, length: number) => Recording,
    values: readonly number[],
  ): Promise<number[]> {
    if (worldSize === 1 || values.length === 0) return [...values];
    const device = functions.get(`${kind}/${values.length}`, () => record(worldSize, values.length));
    const input = upload(native, 'float64', [values.length], Float64Array.from(values));
    const { data } = await collectively(() => runForOne(device, [], [input]));
    return [...new Float64Array(data.slice().buffer)];
  }

  return {
    parameterCount: network.variables
      .filter(isTrainable)
      .reduce((total, { shape }) => total + elementCount(shape), 0),

    async step(batch, inputs) {
      const startMs = performance.now();
      requireBatch(network, batch);
      const [metrics = [], ...times] = (
        await collectively(() =>
          accumulationSteps === 1
            ? run(functionOf('step', batch.count), stepHandles, stepInputs(batch, inputs))
            : stepInPieces(batch, inputs),
        )
      ).map(floatValues);
      return {
        loss: metricAt(metrics, stepMetrics.loss),
        finite: metricAt(metrics, stepMetrics.finite) === 1,
        gradientNorm: metricAt(metrics, stepMetrics.gradientNorm),
        correct: metricAt(metrics, stepMetrics.correct),
        stopRequested: metricAt(metrics, stepMetrics.stopRequested) === 1,
        ...(settings.teacher === undefined
          ? {}
          : { teacherDivergence: metricAt(metrics, stepMetrics.divergence) }),
        ...(times.length === 0 ? {} : { allReduce: total(times.map(allReduceTimeOf)) }),
        durationMs: performance.now() - startMs,
      };
    },

    async findNotFinite(batch, inputs) {
      for (const piece of splitBatch(batch, accumulationSteps)) {
        const device = functionOf('diagnose', piece.count);
        const flags = await collectively(() => runForOne(device, stepHandles, stepInputs(piece, inputs)));
        const first = floatValues(flags).findIndex((count) => count > 0);
        if (first >= 0) return suspects(settings)[first];
      }
      return undefined;
    },

    async evaluate(batch) {
      requireBatch(network, batch);
      const device = functionOf('evaluate', batch.count);
      const metrics = floatValues(
        await runForOne(device, evaluated, uploadBatch(native, network, batch, dtype)),
      );
      return {
        lossSum: metricAt(metrics, evaluationMetrics.lossSum),
        top1: metricAt(metrics, evaluationMetrics.top1),
        top5: metricAt(metrics, evaluationMetrics.top5),
        count: batch.count,
      };
    },

    allReduceSum: (values) => reduce('sum', sumRecording, values),

    async verifyAgreement() {
      const types = variables.shapes.map((shape) => dataTypes[shape.dtype]);
      const device = functions.get('fingerprint', () => fingerprintRecording(types));
      const { data } = await runForOne(device, variables.handles, []);
      const fingerprint = Buffer.from(data).toString('hex');
      const largest = await reduce('maximum', maximumRecording, agreementVector(fingerprint));
      if (!agreementReached(largest)) {
        throw new ReplicasDiverged(
          `rank ${tensorflow.rank} holds ${fingerprint}, another rank holds other weights`,
        );
      }
      return fingerprint;
    },

    snapshot: () => variables.readAll(),

    async restore(tensors) {
      const wanted = new Set([
        ...variables.shapes.map(({ name }) => name),
        // Of what was frozen since, which no longer moves.
        ...network.variables.filter(isTrainable).map(({ name }) => momentumName(name)),
      ]);
      const unknown = tensors.find(({ name }) => !wanted.has(name));
      if (unknown !== undefined) throw new RangeError(`the model has no tensor named ${unknown.name}`);
      await variables.assignAll(floats(replicaValues(settings, tensors)));
    },

    async close() {
      functions.clear();
      for (const group of groups) await group.destroy();
    },
  };
}

/**
 * A value of each variable of a replica. Momenta that are not given are zero, and averages begin with the weights.
 * @throws RangeError if a variable of the network is not given or has another shape
 */
function replicaValues(settings: StepSettings, given: readonly HostTensor[]): HostTensor[] {
  const byName = new Map(given.map((tensor) => [tensor.name, tensor]));
  const beginnings = new Map(
    settings.network.variables.flatMap(({ name }) => {
      const value = byName.get(name);
      if (value === undefined) throw new RangeError(`no value of ${name} is given`);
      return [[name, value] as const, [averageName(name), { ...value, name: averageName(name) }] as const];
    }),
  );
  return replicaVariables(settings).map((variable) => {
    const value =
      byName.get(variable.name) ?? beginnings.get(variable.name) ?? zeroTensor(variable.name, variable.shape);
    requireShape(value, variable);
    return value;
  });
}

function teacherValues({ teacher }: StepSettings, given: readonly HostTensor[]): HostTensor[] {
  const byName = new Map(given.map((tensor) => [tensor.name, tensor]));
  return (teacher?.network.variables ?? []).map((variable) => {
    const value = byName.get(variable.name);
    if (value === undefined) throw new RangeError(`no value of the teacher's ${variable.name} is given`);
    requireShape(value, variable);
    return { ...value, name: teacherName(variable.name) };
  });
}

function requireShape({ name, shape }: HostTensor, expected: VariableShape): void {
  if (shape.join() === expected.shape.join()) return;
  throw new RangeError(`${name} has shape [${shape.join(', ')}], expected [${expected.shape.join(', ')}]`);
}

function total(times: readonly AllReduceTime[]): AllReduceTime {
  const sum = (figure: keyof AllReduceTime) => times.reduce((so, time) => so + time[figure], 0);
  return { totalMs: sum('totalMs'), exposedMs: sum('exposedMs') };
}

function metricAt(metrics: ArrayLike<number>, index: number): number {
  const metric = metrics[index];
  if (metric === undefined) throw new RangeError(`the step returned no metric ${index}`);
  return metric;
}

/** Tells the loss of a peer from other errors. */
async function watchPeers<Result>(run: () => Promise<Result>): Promise<Result> {
  try {
    return await run();
  } catch (error) {
    if (error instanceof TensorFlowError && peerLostCodes.has(error.code)) {
      throw new PeerLost('another rank ended or became unreachable during an all-reduce', { cause: error });
    }
    throw error;
  }
}
