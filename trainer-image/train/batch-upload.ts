import type { Network } from '../model/network.ts';
import { uploadFloats, type DeviceTensor } from '../tensorflow/device-tensor.ts';
import { elementCount } from '../tensorflow/host-tensor.ts';
import type { NativeModule } from '../tensorflow/native-module.ts';
import type { Batch } from './replica.ts';

/** Copies images and targets to the device, in the order in which functions take them. */
export function uploadBatch(
  native: NativeModule,
  { imageShape, classes }: Network,
  { images, targets, count }: Batch,
  dtype: 'float32' | 'float64',
): DeviceTensor[] {
  return [
    uploadFloats(native, dtype, [count, ...imageShape], images),
    uploadFloats(native, dtype, [count, classes], targets),
  ];
}

/** @throws RangeError unless the arrays have the sizes that the count asks for */
export function requireBatch(network: Network, { images, targets, count }: Batch): void {
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

/** A batch as pieces of sizes as equal as can be, in order. @throws RangeError if there are fewer samples than pieces */
export function splitBatch(batch: Batch, pieces: number): Batch[] {
  const { images, targets, count } = batch;
  if (pieces === 1) return [batch];
  if (count < pieces) throw new RangeError(`${count} samples cannot be split into ${pieces} pieces`);
  return Array.from({ length: pieces }, (_, index) => {
    const first = Math.floor((index * count) / pieces);
    const end = Math.floor(((index + 1) * count) / pieces);
    const part = (values: Batch['images']) =>
      values.subarray((first * values.length) / count, (end * values.length) / count);
    return { images: part(images), targets: part(targets), count: end - first };
  });
}
