import type { Tensor4D } from '@tensorflow/tfjs';

import { tf } from '../tensorflow/tensorflow.ts';
import type { Layers } from './layers.ts';
import {
  batchNormVariables,
  convolutionVariable,
  denseVariables,
  type Network,
  type VariableSpec,
} from './network.ts';
import {
  planResNet,
  type Architecture,
  type BlockPlan,
  type ConvolutionPlan,
  type ResNetPlan,
} from './resnet-plan.ts';

/** The residual network that a manifest's `model` describes. */
export function resNet(architecture: Architecture): Network {
  const plan = planResNet(architecture);
  const { imageSize, channels, classes } = architecture;
  return {
    variables: resNetVariables(plan, classes),
    imageShape: [imageSize, imageSize, channels],
    classes,
    forward(layers, images) {
      let x = plan.stem.reduce((each, unit) => layers.relu(convolutionUnit(layers, unit, each)), images);
      if (plan.maxPool) x = layers.maxPool(x);
      x = plan.blocks.reduce((each, block) => residualBlock(layers, block, each), x);
      return layers.dense('fc', layers.globalAveragePool(x));
    },
  };
}

/** All variables, in the order of the forward pass. */
export function resNetVariables(plan: ResNetPlan, classes: number): VariableSpec[] {
  return [
    ...plan.stem.flatMap((unit) => unitVariables(unit, false)),
    ...plan.blocks.flatMap(({ path, shortcut }) => [
      ...path.flatMap((unit, index) => unitVariables(unit, index === path.length - 1)),
      ...(shortcut === undefined ? [] : unitVariables(shortcut.projection, false)),
    ]),
    ...denseVariables('fc', plan.features, classes),
  ];
}

function unitVariables(unit: ConvolutionPlan, endsResidualBlock: boolean): VariableSpec[] {
  return [
    convolutionVariable(unit.convolution, unit.kernel, unit.inputs, unit.outputs),
    ...batchNormVariables(unit.norm, unit.outputs, { endsResidualBlock }),
  ];
}

function residualBlock(layers: Layers, { path, shortcut }: BlockPlan, input: Tensor4D): Tensor4D {
  const residual = path.reduce((x, unit, index) => {
    const y = convolutionUnit(layers, unit, x);
    return index === path.length - 1 ? y : layers.relu(y);
  }, input);
  if (shortcut === undefined) return layers.relu(tf.add(residual, input));
  const pooled = shortcut.averagePool ? layers.averagePool(input) : input;
  return layers.relu(tf.add(residual, convolutionUnit(layers, shortcut.projection, pooled)));
}

function convolutionUnit(layers: Layers, unit: ConvolutionPlan, images: Tensor4D): Tensor4D {
  return layers.batchNorm(unit.norm, layers.convolution(unit.convolution, images, unit.stride));
}
