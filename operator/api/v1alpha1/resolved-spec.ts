import * as z from 'zod';
import { Checkpoints } from './checkpoints.ts';
import { Data } from './data.ts';
import { Model } from './model.ts';
import { resolveRecipe } from './presets.ts';
import { ResolvedRecipe } from './recipe.ts';
import type { TrainingRunSpec } from './spec.ts';

/** What a trainer needs of a spec, with presets resolved. */
export const ResolvedSpec = z.object({
  model: Model,
  data: Data,
  recipe: ResolvedRecipe,
  resumeFrom: z.string().optional(),
  resumeWithChanges: z.array(z.string()).default([]),
  pods: z.int().min(1),
  ranksPerPod: z.int().min(1),
  checkpoints: Checkpoints,
});
export type ResolvedSpec = z.output<typeof ResolvedSpec>;

/** The trainer's part of a run's spec. */
export function resolveSpec(spec: TrainingRunSpec): ResolvedSpec {
  return {
    model: spec.model,
    data: spec.data,
    recipe: resolveRecipe(spec.recipe),
    ...(spec.resumeFrom === undefined ? {} : { resumeFrom: spec.resumeFrom }),
    resumeWithChanges: spec.resumeWithChanges,
    pods: spec.trainers.pods,
    ranksPerPod: spec.trainers.gpusPerPod,
    checkpoints: spec.checkpoints,
  };
}
