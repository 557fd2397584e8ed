import { bytesPerElement, elementCount, type HostTensor } from '../tensorflow/host-tensor.ts';
import type { VariableKind } from './network.ts';

/** For each dimension of PyTorch's layout, which of ours it is: HWIO to OIHW, IO to OI. */
const toTorch: Partial<Record<VariableKind, readonly number[]>> = {
  convolution: [3, 2, 0, 1],
  weight: [1, 0],
};
const fromTorch: Partial<Record<VariableKind, readonly number[]>> = {
  convolution: [2, 3, 1, 0],
  weight: [1, 0],
};

/** A variable as torchvision and timm lay it out. */
export function toTorchLayout(tensor: HostTensor, kind: VariableKind): HostTensor {
  return permute(tensor, toTorch[kind]);
}

/** A variable of torchvision or timm as we lay it out. */
export function fromTorchLayout(tensor: HostTensor, kind: VariableKind): HostTensor {
  return permute(tensor, fromTorch[kind]);
}

/** Dimension i of the result is dimension `order[i]` of the tensor. */
function permute(tensor: HostTensor, order: readonly number[] | undefined): HostTensor {
  if (order === undefined) return tensor;
  if (order.length !== tensor.shape.length) {
    throw new RangeError(
      `${tensor.name} has shape [${tensor.shape.join(', ')}], expected ${order.length} dimensions`,
    );
  }
  const size = bytesPerElement[tensor.dtype];
  const shape = order.map((dimension) => tensor.shape[dimension] ?? 0);
  const sourceStrides = strides(tensor.shape);
  const stepOf = order.map((dimension) => sourceStrides[dimension] ?? 0);
  const data = new Uint8Array(tensor.data.length);
  const position = shape.map(() => 0);
  let source = 0;
  for (let target = 0; target < elementCount(shape); target++) {
    data.set(tensor.data.subarray(source * size, (source + 1) * size), target * size);
    // Counts up like an odometer, the last dimension fastest, and keeps `source` in step.
    for (let dimension = shape.length - 1; dimension >= 0; dimension--) {
      const next = (position[dimension] ?? 0) + 1;
      source += stepOf[dimension] ?? 0;
      if (next < (shape[dimension] ?? 0)) {
        position[dimension] = next;
        break;
      }
      source -= next * (stepOf[dimension] ?? 0);
      position[dimension] = 0;
    }
  }
  return { ...tensor, shape, data };
}

/** Elements between neighbours along each dimension, in C order. */
function strides(shape: readonly number[]): number[] {
  return shape.map((_, dimension) => elementCount(shape.slice(dimension + 1)));
}
