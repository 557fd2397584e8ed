import type { Tensor4D } from '@tensorflow/tfjs';

import { tf } from '../tensorflow/tensorflow.ts';
import type { Layers } from './layers.ts';
import type { Network } from './network.ts';
import { planResNet, type Architecture, type BlockPlan, type ConvolutionPlan } from './resnet-plan.ts';
import { classifierName, resNetVariables } from './resnet-variables.ts';

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
      return layers.dense(classifierName, layers.globalAveragePool(x));
    },
  };
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
