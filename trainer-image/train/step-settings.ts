import type { Model } from '../../operator/api/v1alpha1/model.ts';
import type { ResolvedRecipe } from '../../operator/api/v1alpha1/recipe.ts';
import { isTrainable, type Network } from '../model/network.ts';
import type { DistillationWeights } from '../tricks/distillation.ts';

/** What a step does, settled before it is captured. */
export interface StepSettings {
  readonly network: Network;
  readonly batchNorm: Model['batchNorm'];
  readonly optimizer: ResolvedRecipe['optimizer'];
  /** Whether the loss is multiplied by the input `lossScale` before its gradient is taken. */
  readonly lossScaled: boolean;
  /** A second network that is only evaluated, and what is learned from it. */
  readonly teacher?: { readonly network: Network; readonly weights: DistillationWeights };
  /** Decay of the moving average of the weights, if one is kept. */
  readonly averagingDecay?: number;
}

export interface VariableShape {
  readonly name: string;
  readonly shape: readonly number[];
}

/** Name of the optimiser's memory of a parameter. */
export function momentumName(parameter: string): string {
  return `${parameter}.momentum`;
}

/** Name of the moving average of a variable of the network. */
export function averageName(variable: string): string {
  return `${variable}.average`;
}

/** Name of a variable of the teacher's, beside those of the network. */
export function teacherName(variable: string): string {
  return `teacher/${variable}`;
}

/** What a replica remembers from step to step: the network, the momenta of its parameters, and averages if kept. */
export function replicaVariables({ network, averagingDecay }: StepSettings): VariableShape[] {
  const { variables } = network;
  const renamed = (rename: (name: string) => string) => (variable: VariableShape) => ({
    name: rename(variable.name),
    shape: variable.shape,
  });
  return [
    ...variables,
    ...variables.filter(isTrainable).map(renamed(momentumName)),
    ...(averagingDecay === undefined ? [] : variables.map(renamed(averageName))),
  ];
}

/** The variables of the teacher, if there is one. */
export function teacherVariables({ teacher }: StepSettings): VariableShape[] {
  return (teacher?.network.variables ?? []).map(({ name, shape }) => ({ name: teacherName(name), shape }));
}
