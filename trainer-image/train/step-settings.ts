import type { Model } from '../../operator/api/v1alpha1/model.ts';
import type { FineTuning, ResolvedRecipe } from '../../operator/api/v1alpha1/recipe.ts';
import { isTrainable, type Network, type VariableSpec } from '../model/network.ts';
import type { DistillationWeights } from '../tricks/distillation.ts';
import { isFrozen } from '../tricks/fine-tuning.ts';

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
  /** What of the network is frozen, and how fast the rest learns; absent if all of it learns alike. */
  readonly fineTuning?: FineTuning | undefined;
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

/** The variables that the optimiser updates. */
export function learnedVariables({ network, fineTuning }: StepSettings): VariableSpec[] {
  return network.variables.filter((variable) => isTrainable(variable) && !isFrozen(variable, fineTuning));
}

/** The running statistics that follow those of the batches. */
export function followingStatistics({ network, fineTuning }: StepSettings): VariableSpec[] {
  return network.variables.filter((variable) => !isTrainable(variable) && !isFrozen(variable, fineTuning));
}

/** What a replica remembers from step to step: the network, the momenta of what it learns, and averages if kept. */
export function replicaVariables(settings: StepSettings): VariableShape[] {
  const { network, averagingDecay } = settings;
  const { variables } = network;
  const renamed = (rename: (name: string) => string) => (variable: VariableShape) => ({
    name: rename(variable.name),
    shape: variable.shape,
  });
  return [
    ...variables,
    ...learnedVariables(settings).map(renamed(momentumName)),
    ...(averagingDecay === undefined ? [] : variables.map(renamed(averageName))),
  ];
}

/** The variables of the teacher, if there is one. */
export function teacherVariables({ teacher }: StepSettings): VariableShape[] {
  return (teacher?.network.variables ?? []).map(({ name, shape }) => ({ name: teacherName(name), shape }));
}
