import { duplicateNames } from './duplicates.ts';
import { apiVersion, trainingRunKind } from './group.ts';
import { runNameRules, specRules } from './rules.ts';
import { SpecFields, type TrainingRunSpec } from './spec.ts';
import type { TrainingRun } from './training-run.ts';
import { validateObject, type KindContract, type ObjectValidation } from './validate-object.ts';
import type { Validation } from './validation.ts';

const contract: KindContract<TrainingRunSpec> = {
  kind: trainingRunKind,
  spec: SpecFields,
  nameRules: runNameRules,
  specRules,
  otherProblems: duplicateNames,
  required: 'spec.data and spec.checkpoints',
};

/**
 * Checks a manifest of a run as the API server does with the CRD, and fills in defaults. All problems are found at once.
 * @param old the stored run, for fields that cannot change
 */
export function validateTrainingRun(object: unknown, old?: TrainingRun): Validation {
  return toRun(validateObject(contract, object, old?.spec));
}

/** Checks a stored run, which may have fields of a newer version; they are left out of the spec that is returned. */
export function validateStoredRun(object: unknown): Validation {
  return toRun(validateObject(contract, object, undefined, 'ignored'));
}

function toRun(validation: ObjectValidation<TrainingRunSpec>): Validation {
  if (!validation.ok) return validation;
  const { metadata, spec } = validation;
  return { ok: true, run: { ...validation.object, apiVersion, kind: trainingRunKind, metadata, spec } };
}
