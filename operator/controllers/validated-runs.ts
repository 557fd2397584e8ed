import { isDeepStrictEqual } from 'node:util';
import type { TrainingRunSpec } from '../api/v1alpha1/spec.ts';
import type { TrainingRun } from '../api/v1alpha1/training-run.ts';
import { validateStoredRun } from '../api/v1alpha1/validate.ts';
import type { Validation } from '../api/v1alpha1/validation.ts';
import { keyOf } from './object-cache.ts';

interface Validated {
  /** As it is stored. */
  readonly given: TrainingRunSpec;
  /** With its defaults, and without fields of a newer version. */
  readonly spec: TrainingRunSpec;
}

/**
 * Validates stored runs, each spec once: parsing it again for every plan was an eighth of the operator's processor time.
 * Specs are compared, not generations, as a newer CRD brings other defaults under the same generation.
 */
export class ValidatedRuns {
  readonly #byKey = new Map<string, Validated>();

  validate(run: TrainingRun): Validation {
    const key = keyOf(run.metadata);
    const known = this.#byKey.get(key);
    if (known !== undefined && isDeepStrictEqual(known.given, run.spec))
      return { ok: true, run: { ...run, spec: known.spec } };
    const validation = validateStoredRun(run);
    if (validation.ok) this.#byKey.set(key, { given: run.spec, spec: validation.run.spec });
    else this.#byKey.delete(key);
    return validation;
  }

  forget(key: string): void {
    this.#byKey.delete(key);
  }
}
