import { duplicateNames } from './duplicates.ts';
import { apiVersion, trainingSweepKind } from './group.ts';
import { specRules } from './rules.ts';
import { SpecFields } from './spec.ts';
import { sweepNameRules, sweepRules } from './training-sweep-rules.ts';
import { overlayOf, withOverlay } from './training-sweep-settings.ts';
import {
  maxTrialsLimit,
  SweepSpecFields,
  type Parameter,
  type ParameterValue,
  type TrainingSweepSpec,
} from './training-sweep-spec.ts';
import type { TrainingSweep } from './training-sweep.ts';
import {
  brokenRules,
  schemaProblems,
  validateObject,
  type KindContract,
  type ObjectValidation,
} from './validate-object.ts';
import type { FieldProblem } from './validation.ts';

export type SweepValidation =
  | { readonly ok: true; readonly sweep: TrainingSweep }
  | { readonly ok: false; readonly problems: readonly FieldProblem[] };

const contract: KindContract<TrainingSweepSpec> = {
  kind: trainingSweepKind,
  spec: SweepSpecFields,
  nameRules: sweepNameRules,
  specRules: sweepRules,
  otherProblems: (spec) => [
    ...templateProblems(spec),
    ...repeatedNames(spec),
    ...gridProblems(spec),
    ...rowProblems(spec),
    ...valueProblems(spec),
  ],
  required: 'spec.runTemplate and one of spec.parameters and spec.ablation',
};

/**
 * Checks a manifest of a sweep, and fills in defaults. It finds what the API server finds with the CRD, and besides the
 * values that a field of the run does not take.
 * @param old the stored sweep, for fields that cannot change
 */
export function validateTrainingSweep(object: unknown, old?: TrainingSweep): SweepValidation {
  return toSweep(validateObject(contract, object, old?.spec));
}

/** Checks a stored sweep, which may have fields of a newer version; they are left out of the spec that is returned. */
export function validateStoredSweep(object: unknown): SweepValidation {
  return toSweep(validateObject(contract, object, undefined, 'ignored'));
}

function toSweep(validation: ObjectValidation<TrainingSweepSpec>): SweepValidation {
  if (!validation.ok) return validation;
  const { metadata, spec } = validation;
  return { ok: true, sweep: { ...validation.object, apiVersion, kind: trainingSweepKind, metadata, spec } };
}

function templateProblems({ runTemplate }: TrainingSweepSpec): FieldProblem[] {
  return [
    ...brokenRules(specRules, runTemplate, undefined, ['spec', 'runTemplate']),
    ...duplicateNames(runTemplate).map(({ path, ...rest }) => ({
      ...rest,
      path: path.replace(/^spec\./, 'spec.runTemplate.'),
    })),
  ];
}

/** The items of lists that the API server tells apart by a key, or as a set. */
function repeatedNames({ parameters = [], ablation }: TrainingSweepSpec): FieldProblem[] {
  return [
    ...repeats(
      'spec.parameters',
      parameters.map(({ path }) => path),
    ),
    ...parameters.flatMap(({ values = [] }, index) => repeats(`spec.parameters[${index}].values`, values)),
    ...repeats(
      'spec.ablation.rows',
      (ablation?.rows ?? []).map(({ name }) => name),
    ),
    ...repeats('spec.ablation.seeds', ablation?.seeds ?? []),
  ];
}

function repeats(list: string, keys: readonly (string | number | boolean)[]): FieldProblem[] {
  return keys.flatMap((key, index) =>
    keys.indexOf(key) === index
      ? []
      : [{ path: `${list}[${index}]`, value: key, message: `${key} is given twice; remove one of the two` }],
  );
}

/** How many values a parameter of a grid has. */
export function valueCount({ int, values }: Parameter): number {
  if (values !== undefined) return values.length;
  return int === undefined ? Infinity : Math.floor((int.max - int.min) / int.step) + 1;
}

function gridProblems({ search, parameters, ablation, maxTrials }: TrainingSweepSpec): FieldProblem[] {
  const isTable = ablation !== undefined;
  if (maxTrials !== undefined || (!isTable && search.algorithm !== 'grid')) return [];
  const size = isTable
    ? ablation.rows.length * ablation.seeds.length
    : (parameters ?? []).reduce((product, parameter) => product * valueCount(parameter), 1);
  if (size <= maxTrialsLimit) return [];
  const message = `would be ${size} trials, more than ${maxTrialsLimit}; leave some out, or set maxTrials to try only the first`;
  return [{ path: isTable ? 'spec.ablation' : 'spec.parameters', message }];
}

function rowProblems({ ablation }: TrainingSweepSpec): FieldProblem[] {
  const names = (ablation?.rows ?? []).map(({ name }) => name);
  return (ablation?.rows ?? []).flatMap(({ from }, index) =>
    from === undefined || names.slice(0, index).includes(from)
      ? []
      : [
          {
            path: `spec.ablation.rows[${index}].from`,
            value: from,
            message: 'must be the name of an earlier row',
          },
        ],
  );
}

/** Values that a field of the run does not take, whatever the others are. */
function valueProblems({ runTemplate, parameters = [] }: TrainingSweepSpec): FieldProblem[] {
  return parameters.flatMap((parameter, index) =>
    extremesOf(parameter).flatMap(({ place, value }) => {
      const spec = withOverlay(runTemplate, overlayOf({ path: parameter.path, value }));
      const parsed = SpecFields.safeParse(spec);
      if (parsed.success) return [];
      return schemaProblems(SpecFields, parsed.error, spec, ['spec']).map((problem) => ({
        path: `spec.parameters[${index}].${place}`,
        value,
        message: `${problem.path.replace(/^spec\./, '')} ${problem.message}`,
        ...(problem.suggestion === undefined ? {} : { suggestion: problem.suggestion }),
      }));
    }),
  );
}

/** The values that decide whether all values of a parameter are allowed. */
function extremesOf({ double, int, values = [] }: Parameter): { place: string; value: ParameterValue }[] {
  return [
    ...Object.entries({ double, int }).flatMap(([name, range]) =>
      range === undefined
        ? []
        : [
            { place: `${name}.min`, value: range.min },
            // A whole number that happens to be the largest double does not make the others whole.
            {
              place: `${name}.max`,
              value: name === 'double' ? range.max - (range.max - range.min) * 1e-9 : range.max,
            },
          ],
    ),
    ...values.map((value, index) => ({ place: `values[${index}]`, value })),
  ];
}
