import { isDeepStrictEqual } from 'node:util';
import { TrainingRunStatus } from '../../api/v1alpha1/status.ts';
import { validateTrainingRun } from '../../api/v1alpha1/validate.ts';
import type { FieldProblem } from '../../api/v1alpha1/validation.ts';
import { resourceTypes } from '../cluster.ts';
import type { Admission } from './admission.ts';
import { refusals } from './refusals.ts';
import { isWireObject, overTheWire, typed } from './wire-object.ts';

const type = resourceTypes.trainingRuns;

/** TrainingRuns are defaulted and checked by the schema that also makes the CRD. */
export const trainingRunAdmission: Admission = {
  hasStatus: true,

  admit(object, old) {
    // A run stored by another release may break a rule of this one; changes elsewhere must still be possible.
    if (old !== undefined && isDeepStrictEqual(object.spec, old.spec)) return object;
    const validation = validateTrainingRun(object, old === undefined ? undefined : typed(type, old));
    if (!validation.ok) {
      throw refusals.invalid(
        type,
        object.metadata.name,
        validation.problems.map((problem) => ({ path: problem.path, message: messageOf(problem) })),
      );
    }
    const run = overTheWire(validation.run);
    if (!isWireObject(run)) throw new TypeError('a valid run is an object');
    return run;
  },

  admitStatus(status, object) {
    const parsed = TrainingRunStatus.safeParse(status);
    if (parsed.success) return parsed.data;
    throw refusals.invalid(
      type,
      object.metadata.name,
      parsed.error.issues.map((issue) => ({
        path: ['status', ...issue.path].map(String).join('.'),
        message: issue.message,
      })),
    );
  },
};

function messageOf({ value, message, suggestion }: FieldProblem): string {
  const found = value === undefined ? '' : `Invalid value: ${JSON.stringify(value)}: `;
  return `${found}${message}${suggestion === undefined ? '' : `; did you mean ${suggestion}?`}`;
}
