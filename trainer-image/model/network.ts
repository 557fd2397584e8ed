import type { Tensor, Tensor4D } from '@tensorflow/tfjs';

import type { Layers } from './layers.ts';

/** What a variable is, which decides how it starts, whether it decays and how others lay it out. */
export type VariableKind =
  /** Filter of a convolution, HWIO. */
  | 'convolution'
  /** Matrix of a fully connected layer, IO. */
  | 'weight'
  | 'bias'
  /** Scale of a batch normalisation. */
  | 'gamma'
  /** Offset of a batch normalisation. */
  | 'beta'
  | 'runningMean'
  | 'runningVariance';

export interface VariableSpec {
  /** As torchvision or timm names it, as in `layer1.0.bn2.running_var`. */
  readonly name: string;
  readonly kind: VariableKind;
  readonly shape: readonly number[];
  /** The gamma of the last batch normalisation of a residual block: starts at 0 with the zero-gamma trick. */
  readonly endsResidualBlock?: true;
}

/** A network as data and one function of it. */
export interface Network {
  /** In the order of the forward pass. */
  readonly variables: readonly VariableSpec[];
  /** Height, width, channels. */
  readonly imageShape: readonly [number, number, number];
  readonly classes: number;
  /** Images NHWC to logits `[count, classes]`. */
  forward(layers: Layers, images: Tensor4D): Tensor;
}

/** True for what the optimiser updates; running statistics are not. */
export function isTrainable({ kind }: Pick<VariableSpec, 'kind'>): boolean {
  return kind !== 'runningMean' && kind !== 'runningVariance';
}

/** The variables of a batch normalisation of this name. */
export function batchNormVariables(
  name: string,
  channels: number,
  { endsResidualBlock = false }: { endsResidualBlock?: boolean } = {},
): VariableSpec[] {
  const shape = [channels];
  return [
    { name: `${name}.weight`, kind: 'gamma', shape, ...(endsResidualBlock ? { endsResidualBlock } : {}) },
    { name: `${name}.bias`, kind: 'beta', shape },
    { name: `${name}.running_mean`, kind: 'runningMean', shape },
    { name: `${name}.running_var`, kind: 'runningVariance', shape },
  ];
}

export function convolutionVariable(
  name: string,
  kernel: number,
  inputs: number,
  outputs: number,
): VariableSpec {
  return { name: `${name}.weight`, kind: 'convolution', shape: [kernel, kernel, inputs, outputs] };
}

export function denseVariables(name: string, inputs: number, outputs: number): VariableSpec[] {
  return [
    { name: `${name}.weight`, kind: 'weight', shape: [inputs, outputs] },
    { name: `${name}.bias`, kind: 'bias', shape: [outputs] },
  ];
}
