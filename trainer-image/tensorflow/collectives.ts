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

/** In bytes. */
interface BucketSizes {
  /** Larger lists are reduced in several pieces, so that the first gradients travel while the last are computed. */
  readonly capacity: number;
  /** A tensor that is as large goes alone: to pack it with others and to unpack it costs more than a reduction more. */
  readonly alone: number;
}

const bucketSizes: BucketSizes = {
  /** That of PyTorch's DistributedDataParallel (bucket_cap_mb). */
  capacity: 25 << 20,
  alone: 1 << 20,
};

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
  const sumOf = new Map<Tensor, Tensor>();
  for (const [index, bucket] of packBuckets(tensors, bucketSizes).entries()) {
    const key = firstKey + index;
    const vectors = bucket.map((tensor) => tensor.reshape([-1]));
    const [alone] = vectors;
    const sums =
      alone !== undefined && vectors.length === 1
        ? [reduceVector(tensorflow, alone, key)]
        : tf.split(
            reduceVector(tensorflow, tf.concat(vectors), key),
            vectors.map(({ size }) => size),
          );
    for (const [position, sum] of sums.entries()) {
      const tensor = bucket[position];
      if (tensor !== undefined) sumOf.set(tensor, sum.reshape(tensor.shape));
    }
  }
  return tensors.map((tensor) => {
    const sum = sumOf.get(tensor);
    if (sum === undefined) throw new RangeError('a tensor is in no bucket');
    return sum;
  });
}

function reduceVector(tensorflow: TensorFlow, vector: Tensor, key: number): Tensor {
  const scalar = (value: number) => tf.scalar(value, 'int32');
  return operation(
    tensorflow,
    'CollectiveReduceV2',
    [vector, scalar(tensorflow.worldSize), scalar(groupKey), scalar(key)],
    reduceAttributes('Add', dataTypes.float32),
  );
}

/**
 * Parts a list so that no bucket is larger than the capacity. Tensors that are large enough are alone in theirs, whatever
 * stands around them; the others keep their order.
 */
export function packBuckets<Item extends { readonly size: number }>(
  items: readonly Item[],
  { capacity, alone }: BucketSizes,
): Item[][] {
  const buckets: Item[][] = [];
  let shared: Item[] | undefined;
  let room = 0;
  for (const item of items) {
    const sizeBytes = item.size * Float32Array.BYTES_PER_ELEMENT;
    if (sizeBytes >= alone) {
      buckets.push([item]);
    } else if (shared !== undefined && sizeBytes <= room) {
      shared.push(item);
      room -= sizeBytes;
    } else {
      shared = [item];
      buckets.push(shared);
      room = capacity - sizeBytes;
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
