import { readFileSync } from 'node:fs';
import { constants } from 'node:os';
import { fileURLToPath } from 'node:url';

import type { TFJSBinding } from '@tensorflow/tfjs-node-gpu/dist/tfjs_binding.js';

import { RingmasterError } from '../../operator/base/errors.ts';
import type { DataType } from './data-type.ts';

/** A tensor as the native table knows it. Numbers are never given out twice. */
export type TensorId = number;

/**
 * The calls of `trainer-image/native`. All throw errors whose `code` is TensorFlow's name of the status; `run`
 * rejects with such.
 */
export interface NativeModule {
  /** Makes the process's one TensorFlow context. Returns the exports of the TensorFlow.js binding. */
  start(config: Uint8Array, serverDef: Uint8Array, devicePrefix: string): TFJSBinding;
  registerFunction(
    name: string,
    graphDef: Uint8Array,
    inputs: readonly string[],
    outputs: readonly string[],
    controlOutputs: readonly string[],
  ): void;
  removeFunction(name: string): void;
  /** Runs off this thread. The caller owns the outputs and may free the inputs at once. */
  run(name: string, inputs: readonly TensorId[], outputCount: number): Promise<TensorId[]>;
  /** Of a string, which any bytes can be, there can only be one: its shape is empty. */
  createTensor(dataType: DataType, shape: readonly number[], bytes: Uint8Array): TensorId;
  readTensor(tensor: TensorId): { dataType: DataType; shape: number[]; data: Uint8Array };
  /** Copies a tensor of numbers into memory of exactly its size. */
  copyTensor(tensor: TensorId, target: Uint8Array): void;
  freeTensor(tensor: TensorId): void;
  /** Tensors not yet freed. */
  countTensors(): number;
}

/** The native module is missing, or not what this program expects. */
class NativeModuleError extends RingmasterError {
  constructor(message: string, options?: ErrorOptions) {
    super('Internal', message, options);
  }
}

/** Where the set-up says which file it compiled. */
const manifestPath = fileURLToPath(new URL('../../node_modules/.ringmaster/native.json', import.meta.url));

/**
 * Loads the compiled module.
 * @param file Path of the `.node` file; by default the one that the set-up compiled.
 */
export function loadNativeModule(file: string = compiledModule()): NativeModule {
  const target: { exports: unknown } = { exports: {} };
  // By itself TensorFlow takes oneDNN's kernels only on processors with instructions for 8-bit networks
  // (DefaultOneDnnPolicy in tensorflow/core/util/port.cc); on others a step without them takes twice as long.
  process.env.TF_ENABLE_ONEDNN_OPTS ??= '1';
  try {
    // DEEPBIND: TensorFlow brings its own BoringSSL, whose symbols must not resolve to those of the OpenSSL that
    // the node executable exports.
    process.dlopen(target, file, constants.dlopen.RTLD_NOW | constants.dlopen.RTLD_DEEPBIND);
  } catch (error) {
    throw new NativeModuleError(`cannot load ${file}; run the set-up again`, { cause: error });
  }
  if (!isNativeModule(target.exports)) {
    throw new NativeModuleError(`${file} lacks calls that this version needs; run the set-up again`);
  }
  return target.exports;
}

function compiledModule(): string {
  let manifest: unknown;
  try {
    manifest = JSON.parse(readFileSync(manifestPath, 'utf8'));
  } catch (error) {
    throw new NativeModuleError('the TensorFlow binding is not built; run `npm run setup`', { cause: error });
  }
  if (
    typeof manifest !== 'object' ||
    manifest === null ||
    !('binding' in manifest) ||
    typeof manifest.binding !== 'string'
  ) {
    throw new NativeModuleError(`${manifestPath} names no binding; run \`npm run setup\` again`);
  }
  return manifest.binding;
}

function isNativeModule(value: unknown): value is NativeModule {
  if (typeof value !== 'object' || value === null) return false;
  const calls = [
    'start',
    'registerFunction',
    'removeFunction',
    'run',
    'createTensor',
    'readTensor',
    'copyTensor',
    'freeTensor',
    'countTensors',
  ];
  return calls.every((name) => typeof Reflect.get(value, name) === 'function');
}
