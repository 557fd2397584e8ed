import { TrainingSweepStatus } from '../../api/v1alpha1/training-sweep-status.ts';
import { validateTrainingSweep } from '../../api/v1alpha1/training-sweep-validate.ts';
import { resourceTypes } from '../cluster.ts';
import { schemaAdmission } from './schema-admission.ts';

/** TrainingSweeps are defaulted and checked by the schema that also makes the CRD. */
export const trainingSweepAdmission = schemaAdmission(
  resourceTypes.trainingSweeps,
  (object, old) => {
    const validation = validateTrainingSweep(object, old);
    return validation.ok ? { ok: true, object: validation.sweep } : validation;
  },
  TrainingSweepStatus,
);
