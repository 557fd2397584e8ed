import { TrainingRunStatus } from '../../api/v1alpha1/status.ts';
import { validateTrainingRun } from '../../api/v1alpha1/validate.ts';
import { resourceTypes } from '../cluster.ts';
import { schemaAdmission } from './schema-admission.ts';

/** TrainingRuns are defaulted and checked by the schema that also makes the CRD. */
export const trainingRunAdmission = schemaAdmission(
  resourceTypes.trainingRuns,
  (object, old) => {
    const validation = validateTrainingRun(object, old);
    return validation.ok ? { ok: true, object: validation.run } : validation;
  },
  TrainingRunStatus,
);
