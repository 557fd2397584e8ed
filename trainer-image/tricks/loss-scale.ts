import type { ResolvedRecipe } from '../../operator/api/v1alpha1/recipe.ts';

/**
 * The factor of the loss of a step. Gradients in float16 below 6e-8 are 0; multiplied by the scale they are not, and
 * divided by it again in float32 they are what they should be (paper, section 3.2).
 */
export interface LossScale {
  readonly scale: number;
  /** Finite steps since the scale last changed. */
  readonly finiteSteps: number;
}

/** Finite steps after which the scale is tried at twice its value (Keras, PyTorch). */
const growthInterval = 2000;
/** Below it there is nothing left to gain: a loss that overflows without a scale has diverged. */
const smallestScale = 1;

type LossScaleSettings = Pick<ResolvedRecipe['precision'], 'lossScale' | 'lossScaleValue'>;

export function initialLossScale({ lossScale, lossScaleValue }: LossScaleSettings): LossScale {
  return { scale: lossScale === 'none' ? 1 : lossScaleValue, finiteSteps: 0 };
}

/**
 * The scale after a step: doubled after 2,000 finite steps, halved by one that is not. All ranks see the same reduced
 * gradients, so all compute the same.
 * @returns undefined after a step that is not finite if no smaller scale can help
 */
export function nextLossScale(
  kind: LossScaleSettings['lossScale'],
  { scale, finiteSteps }: LossScale,
  finite: boolean,
  interval: number = growthInterval,
): LossScale | undefined {
  if (finite) {
    if (kind !== 'dynamic') return { scale, finiteSteps: 0 };
    return finiteSteps + 1 === interval
      ? { scale: scale * 2, finiteSteps: 0 }
      : { scale, finiteSteps: finiteSteps + 1 };
  }
  if (kind !== 'dynamic' || scale <= smallestScale) return undefined;
  return { scale: Math.max(scale / 2, smallestScale), finiteSteps: 0 };
}
