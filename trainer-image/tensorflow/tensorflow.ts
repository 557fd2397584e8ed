import './util-polyfill.ts';

import * as tf from '@tensorflow/tfjs';
import { NodeJSKernelBackend } from '@tensorflow/tfjs-node-gpu/dist/nodejs_kernel_backend.js';
import '@tensorflow/tfjs-node-gpu/dist/register_all_kernels.js';
import type { TFJSBinding } from '@tensorflow/tfjs-node-gpu/dist/tfjs_binding.js';

import {
  configProto,
  serverDef,
  taskName,
  type ClusterPosition,
  type ThreadCounts,
} from './cluster-config.ts';
import { toTensorFlowError } from './errors.ts';
import { loadNativeModule, type NativeModule } from './native-module.ts';
import { recordableBinding, type BindingAttribute, type RecordableBinding } from './recordable-binding.ts';

export { tf };

/** What we use of TensorFlow.js' own backend. */
interface OperationBackend {
  readonly binding: TFJSBinding;
  getDTypeInteger(dtype: tf.DataType): number;
  executeMultipleOutputs(
    name: string,
    attributes: BindingAttribute[],
    inputs: tf.Tensor[],
    outputCount: number,
  ): tf.Tensor[];
}

/** TensorFlow as this process uses it: TensorFlow.js as the tracing front end, functions for the work. */
export interface TensorFlow {
  /** Release of TensorFlow, as in `2.21.0`. */
  readonly version: string;
  readonly native: NativeModule;
  /** Executes single operations for TensorFlow.js; while a function is captured, they are recorded. */
  readonly backend: OperationBackend;
  readonly recordable: RecordableBinding;
  /** 1 unless a cluster was given. */
  readonly worldSize: number;
  readonly rank: number;
}

export interface TensorFlowOptions {
  readonly threads: ThreadCounts;
  /** Where this process stands among several; absent for a world of one, which then opens no port. */
  readonly cluster?: ClusterPosition;
  /** Path of the compiled module, if not the one that the set-up made. */
  readonly nativeModulePath?: string;
}

/**
 * Starts TensorFlow, once per process. With a cluster, listens on this rank's address but waits for nobody: the
 * first collective operation does.
 * @throws TensorFlowError if the context cannot be made, for instance because the port is taken.
 */
export function startTensorFlow({ threads, cluster, nativeModulePath }: TensorFlowOptions): TensorFlow {
  const native = loadNativeModule(nativeModulePath);
  const world = cluster !== undefined && cluster.addresses.length > 1 ? cluster : undefined;
  const recordable = recordableBinding(startNative(native, threads, world));
  const backend = new NodeJSKernelBackend(recordable.binding, '@tensorflow/tfjs-node-gpu');
  tf.registerBackend('tensorflow', () => backend);
  // The factory is synchronous, so the backend is set when this returns.
  void tf.setBackend('tensorflow');
  return {
    version: backend.binding.TF_Version,
    native,
    backend,
    recordable,
    worldSize: world?.addresses.length ?? 1,
    rank: world?.rank ?? 0,
  };
}

function startNative(native: NativeModule, threads: ThreadCounts, world: ClusterPosition | undefined) {
  try {
    return native.start(
      configProto(threads, world),
      world === undefined ? new Uint8Array() : serverDef(threads, world),
      world === undefined ? '' : taskName(world.rank),
    );
  } catch (error) {
    throw toTensorFlowError(error);
  }
}
