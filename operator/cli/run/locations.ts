import { resolve } from 'node:path';
import type { TrainingRunSpec } from '../../api/v1alpha1/spec.ts';

/**
 * The spec with every path that begins with `./` or `../` made absolute, so that a run means the same folder wherever
 * its processes work. Other locations are left as they are.
 */
export function resolveLocations(spec: TrainingRunSpec, workingFolder: string): TrainingRunSpec {
  const absolute = (uri: string) => (/^\.\.?\//.test(uri) ? resolve(workingFolder, uri) : uri);
  const { data, model, recipe, checkpoints, resumeFrom } = spec;
  return {
    ...spec,
    model: {
      ...model,
      ...(model.pretrained === undefined ? {} : { pretrained: absolute(model.pretrained) }),
    },
    data: {
      ...data,
      train: absolute(data.train),
      ...(data.validation === undefined ? {} : { validation: absolute(data.validation) }),
    },
    recipe: {
      ...recipe,
      ...(recipe.distillation === undefined
        ? {}
        : { distillation: { ...recipe.distillation, teacher: absolute(recipe.distillation.teacher) } }),
    },
    checkpoints: { ...checkpoints, uri: absolute(checkpoints.uri) },
    ...(resumeFrom === undefined ? {} : { resumeFrom: absolute(resumeFrom) }),
  };
}
