import { batchNormVariables, convolutionVariable, denseVariables, type VariableSpec } from './network.ts';
import type { ConvolutionPlan, ResNetPlan } from './resnet-plan.ts';

/** Name of the last layer, whose size is the number of classes. */
export const classifierName = 'fc';

/** All variables, in the order of the forward pass. */
export function resNetVariables(plan: ResNetPlan, classes: number): VariableSpec[] {
  return [
    ...plan.stem.flatMap((unit) => unitVariables(unit, false)),
    ...plan.blocks.flatMap(({ path, shortcut }) => [
      ...path.flatMap((unit, index) => unitVariables(unit, index === path.length - 1)),
      ...(shortcut === undefined ? [] : unitVariables(shortcut.projection, false)),
    ]),
    ...denseVariables(classifierName, plan.features, classes),
  ];
}

function unitVariables(unit: ConvolutionPlan, endsResidualBlock: boolean): VariableSpec[] {
  return [
    convolutionVariable(unit.convolution, unit.kernel, unit.inputs, unit.outputs),
    ...batchNormVariables(unit.norm, unit.outputs, { endsResidualBlock }),
  ];
}
