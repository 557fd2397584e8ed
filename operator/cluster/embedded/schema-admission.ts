import { isDeepStrictEqual } from 'node:util';
import type * as z from 'zod';
import type { FieldProblem } from '../../api/v1alpha1/validation.ts';
import type { KubernetesObject } from '../../api/wire.ts';
import type { ResourceType } from '../cluster.ts';
import type { Admission } from './admission.ts';
import { refusals } from './refusals.ts';
import { isWireObject, overTheWire, typed } from './wire-object.ts';

type Verdict =
  | { readonly ok: true; readonly object: KubernetesObject }
  | { readonly ok: false; readonly problems: readonly FieldProblem[] };

/** Admission of a kind of ours: it is defaulted and checked by the schema that also makes its CRD. */
export function schemaAdmission<T extends KubernetesObject>(
  type: ResourceType<T>,
  validate: (object: unknown, old: T | undefined) => Verdict,
  statusSchema: z.ZodType,
): Admission {
  return {
    hasStatus: true,

    admit(object, old) {
      // An object stored by another release may break a rule of this one; changes elsewhere must still be possible.
      if (old !== undefined && isDeepStrictEqual(object.spec, old.spec)) return object;
      const verdict = validate(object, old === undefined ? undefined : typed(type, old));
      if (!verdict.ok) {
        throw refusals.invalid(
          type,
          object.metadata.name,
          verdict.problems.map((problem) => ({ path: problem.path, message: messageOf(problem) })),
        );
      }
      const admitted = overTheWire(verdict.object);
      if (!isWireObject(admitted)) throw new TypeError('what is valid is an object');
      return admitted;
    },

    admitStatus(status, object) {
      const parsed = statusSchema.safeParse(status);
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
}

function messageOf({ value, message, suggestion }: FieldProblem): string {
  const found = value === undefined ? '' : `Invalid value: ${JSON.stringify(value)}: `;
  return `${found}${message}${suggestion === undefined ? '' : `; did you mean ${suggestion}?`}`;
}
