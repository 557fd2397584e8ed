import { operatorName } from '../../api/v1alpha1/group.ts';
import { resolveSpec } from '../../api/v1alpha1/resolved-spec.ts';
import type { TrainingRunSpec } from '../../api/v1alpha1/spec.ts';
import { unsupportedFeatures } from '../../../trainer-image/train/supported.ts';

/** Why a valid run could never be trained on this machine; each with what to change. Empty when it can. */
export function preflightProblems(spec: TrainingRunSpec, gpuSlots: number): string[] {
  return [
    ...unsupportedFeatures(resolveSpec(spec)).map((message) => `spec.${message}`),
    ...capacityProblems(spec, gpuSlots),
    ...(spec.trainers.image === undefined
      ? []
      : [`spec.trainers.image is ${spec.trainers.image}, but images are not run here; leave it out`]),
    ...(spec.suspend ? ['spec.suspend is true, so nothing would be trained; leave it out'] : []),
    ...(spec.managedBy === operatorName
      ? []
      : [`spec.managedBy is ${spec.managedBy}, so nothing here would act on it; leave it out`]),
  ];
}

function capacityProblems({ trainers: { pods, gpusPerPod } }: TrainingRunSpec, gpuSlots: number): string[] {
  const worldSize = pods * gpusPerPod;
  if (worldSize <= gpuSlots) return [];
  const gang = pods === 1 ? `${worldSize} ranks` : `${pods} pods of ${gpusPerPod} ranks at once`;
  return [
    `spec.trainers asks for ${gang}, but this machine offers ${gpuSlots} ${gpuSlots === 1 ? 'slot' : 'slots'}; ` +
      `lower spec.trainers.gpusPerPod, or pass --gpus ${worldSize} to let ranks share the processors`,
  ];
}
