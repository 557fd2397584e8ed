import type { Tensor } from '@tensorflow/tfjs';

import { dataTypes, type DataType } from './data-type.ts';
import { operation } from './operation.ts';
import { attribute, buildRecording, type AttributeValue, type Recording } from './recording.ts';
import { tf, type TensorFlow } from './tensorflow.ts';

/** How values of several ranks become one. */
type Reduction = 'Add' | 'Max';

/** The only group: all ranks. TensorFlow reserves key 0. */
const groupKey = 1;

/**
 * Numbers that name a reduction. Ranks find each other by them, and TensorFlow remembers each with its shape: so
 * every place of use has a fixed key, never two in flight, and a new key for another shape.
 */
const firstInstanceKey = {
  gradients: 100,
  normalization: 10_000,
  diagnosis: 100_000,
  sum: 1_000_000,
  agreement: 2_000_000,
} as const;

/** Key of the reduction that asks all ranks what went wrong. */
export const diagnosisKey: number = firstInstanceKey.diagnosis;

/** Keys for the reductions of one captured function, in the order in which it is recorded. */
export interface CollectiveSequence {
  next(): number;
}

/** Keys for synchronised normalisations, which are many. */
export function normalizationSequence(): CollectiveSequence {
  let key: number = firstInstanceKey.normalization;
  return { next: () => key++ };
}

/**
 * Larger lists are reduced in several pieces, so that the first gradients travel while the last are computed.
 * The size is that of PyTorch's DistributedDataParallel (bucket_cap_mb).
 */
const bucketBytes = 25 << 20;

/**
 * Sums float32 tensors over all ranks, inside a captured function. All ranks have to pass the same shapes. Give
 * first what is computed first.
 * @param firstKey of as many as there are buckets; that of the gradients if absent
 * @returns the sums, in the order of the inputs
 */
export function allReduceSum(
  tensorflow: TensorFlow,
  tensors: readonly Tensor[],
  firstKey: number = firstInstanceKey.gradients,
): Tensor[] {
  return packBuckets(tensors, bucketBytes).flatMap((bucket, index) => {
    const flat = tf.concat(bucket.map((tensor) => tensor.reshape([-1])));
    const scalar = (value: number) => tf.scalar(value, 'int32');
    const sums = operation(
      tensorflow,
      'CollectiveReduceV2',
      [flat, scalar(tensorflow.worldSize), scalar(groupKey), scalar(firstKey + index)],
      reduceAttributes('Add', dataTypes.float32),
    );
    const parts = tf.split(
      sums,
      bucket.map(({ size }) => size),
    );
    return parts.map((part, position) => part.reshape(bucket[position]?.shape ?? []));
  });
}

/** Splits a list so that no bucket is larger than `capacityBytes`, but for tensors that alone are. */
export function packBuckets<Item extends { readonly size: number }>(
  items: readonly Item[],
  capacityBytes: number,
): Item[][] {
  const buckets: Item[][] = [];
  let room = 0;
  for (const item of items) {
    const sizeBytes = item.size * Float32Array.BYTES_PER_ELEMENT;
    const current = buckets.at(-1);
    if (current !== undefined && sizeBytes <= room) {
      current.push(item);
      room -= sizeBytes;
    } else {
      buckets.push([item]);
      room = capacityBytes - sizeBytes;
    }
  }
  return buckets;
}

/** A function of one float64 vector of `length` elements: their sums over all ranks. */
export function sumRecording(worldSize: number, length: number): Recording {
  return reduceRecording(worldSize, length, 'Add', firstInstanceKey.sum + length);
}

/** A function of one float64 vector of `length` elements: the largest of each over all ranks. */
export function maximumRecording(worldSize: number, length: number): Recording {
  return reduceRecording(worldSize, length, 'Max', firstInstanceKey.agreement + length);
}

function reduceRecording(worldSize: number, length: number, reduction: Reduction, key: number): Recording {
  const builder = buildRecording();
  const scalar = (value: number) =>
    builder.constant({
      dataType: dataTypes.int32,
      shape: [],
      data: new Uint8Array(Int32Array.of(value).buffer),
    });
  const values = builder.input({ dataType: dataTypes.float64, shape: [length] });
  const reduced = builder.node('CollectiveReduceV2', {
    inputs: [values, scalar(worldSize), scalar(groupKey), scalar(key)],
    attributes: reduceAttributes(reduction, dataTypes.float64),
    effect: true,
  });
  return builder.finish([{ node: reduced, index: 0 }]);
}

function reduceAttributes(reduction: Reduction, dataType: DataType): Record<string, AttributeValue> {
  return {
    T: attribute.type(dataType),
    merge_op: attribute.string(reduction),
    // Means are taken by the caller: dividing here blocks a thread under NCCL.
    final_op: attribute.string('Id'),
    // On GPUs; others get the ring. With `auto` GPUs would get it too (CollectiveParamResolverLocal::AssignCollectiveType).
    communication_hint: attribute.string('nccl'),
    timeout_seconds: attribute.float(0),
    is_stateless: attribute.bool(false),
    Nordering_token: attribute.int(0),
    max_subdivs_per_device: attribute.int(-1),
  };
}
