import type { FineTuning } from '../../operator/api/v1alpha1/recipe.ts';
import type { VariableSpec } from '../model/network.ts';
import { stageOf } from '../model/stages.ts';

/**
 * Whether a variable keeps its value: one of the first parts of the network, counted from the image, or of a frozen
 * batch normalisation. A batch normalisation whose variables are frozen normalises by its running statistics, so that a
 * frozen part is the same function of the image throughout, whatever else is in the batch (torchvision's detection
 * models freeze in this way, `FrozenBatchNorm2d`).
 */
export function isFrozen(
  { name, kind }: Pick<VariableSpec, 'name' | 'kind'>,
  fineTuning: FineTuning | undefined,
): boolean {
  if (fineTuning === undefined) return false;
  const { frozenStages, frozenBatchNorm } = fineTuning;
  if ((stageOf(name) ?? Number.POSITIVE_INFINITY) < frozenStages) return true;
  switch (kind) {
    case 'convolution':
    case 'weight':
    case 'bias':
      return false;
    case 'gamma':
    case 'beta':
    case 'runningMean':
    case 'runningVariance':
      return frozenBatchNorm;
  }
}

/**
 * What the learning rate of a variable is multiplied by: `classifierRate` for the classifier, and `layerDecay ^ d` for
 * the others, where d is 1 for the last stage, 2 for the one before, and so on down to the stem
 * (discriminative fine-tuning of Howard and Ruder 2018, section 3.2, by stages instead of layers).
 * @param stages of the network, not counting stem and classifier
 */
export function rateFactor(variable: string, stages: number, fineTuning: FineTuning | undefined): number {
  if (fineTuning === undefined) return 1;
  const stage = stageOf(variable);
  return stage === undefined ? fineTuning.classifierRate : fineTuning.layerDecay ** (stages + 1 - stage);
}
