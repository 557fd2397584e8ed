import type { ResolvedSpec } from '../../operator/api/v1alpha1/resolved-spec.ts';
import { IncompatibleCheckpoint } from './incompatible-checkpoint.ts';
import type { TrainingState } from './training-state.ts';

/** A field that keeps a checkpoint from being continued. */
export interface ChangedField {
  /** Path below `spec`, as in a manifest. */
  readonly field: string;
  /** As the checkpoint has it and as the spec has it; absent where a field is not given. */
  readonly saved: unknown;
  readonly wanted: unknown;
}

/**
 * Fields that may change under a checkpoint although they stand among those that may not: they decide only
 * how training begins, which is past.
 */
const settledAtStart: ReadonlySet<string> = new Set([
  'model.zeroGamma',
  'model.initializer',
  'model.pretrained',
]);

/** What training goes on with that no field of a spec tells. */
export interface Fingerprints {
  /** `TrainingInput.fingerprint` */
  readonly dataFingerprint: string;
  /** `Teacher.hash`, if there is a teacher. */
  readonly teacherHash?: string | undefined;
}

/**
 * What differs between the training of a checkpoint and a spec, as far as it may not without being asked for; empty if
 * nothing does.
 *
 * Continued training must be what uninterrupted training would have been, so the model, the data, its
 * augmentation and every field of the recipe must be as they were. `recipe.epochs` may change as long as the
 * past does not: not under a cosine, which is stretched over all epochs, and not to fewer than are finished.
 * A teacher is known by its weights, wherever they lie. How many ranks train, where data and checkpoints lie and what is
 * kept may change freely.
 */
export function resumeCompatibility(
  state: TrainingState,
  spec: ResolvedSpec,
  { dataFingerprint, teacherHash }: Fingerprints,
): ChangedField[] {
  const saved = trajectoryFields(state.spec);
  const wanted = trajectoryFields(spec);
  if (state.teacherHash !== undefined && teacherHash !== undefined) {
    saved.set(teacherField, state.teacherHash);
    wanted.set(teacherField, teacherHash);
  }
  const changed = [...new Set([...saved.keys(), ...wanted.keys()])]
    .map((field) => ({ field, saved: saved.get(field), wanted: wanted.get(field) }))
    .filter((each) => !settledAtStart.has(each.field))
    .filter((each) => JSON.stringify(each.saved) !== JSON.stringify(each.wanted))
    .filter((each) => each.field !== 'recipe.epochs' || !mayChangeEpochs(state, spec));
  if (state.dataFingerprint !== dataFingerprint) {
    changed.push({ field: 'data', saved: state.dataFingerprint, wanted: dataFingerprint });
  }
  return changed;
}

const teacherField = 'recipe.distillation.teacher';

/**
 * Returns if a checkpoint may be continued under a spec.
 * @returns what differs and was asked for in `resumeWithChanges`
 * @throws IncompatibleCheckpoint naming every field that forbids it
 */
export function requireCompatible(
  state: TrainingState,
  spec: ResolvedSpec,
  fingerprints: Fingerprints,
): ChangedField[] {
  const changed = resumeCompatibility(state, spec, fingerprints);
  const refused = changed.filter(({ field }) => !mayDiffer(field) || !isAskedFor(field, spec));
  if (refused.length === 0) return changed;
  const list = refused.map(
    ({ field, saved, wanted }) => `${field} was ${describe(saved)} and is now ${describe(wanted)}`,
  );
  const permission = refused.every(({ field }) => mayDiffer(field))
    ? ', name what may differ in spec.resumeWithChanges,'
    : ',';
  throw new IncompatibleCheckpoint(
    `the checkpoint of step ${state.step} cannot be continued: ${list.join('; ')}. Change back what was changed${permission} or train from the beginning in a new run`,
  );
}

/** Whether the tensors of a checkpoint still fit when this field differs. */
function mayDiffer(field: string): boolean {
  return !field.startsWith('model.') && !field.startsWith('recipe.averaging.');
}

function isAskedFor(field: string, { resumeWithChanges }: ResolvedSpec): boolean {
  return resumeWithChanges.some((asked) => field === asked || field.startsWith(`${asked}.`));
}

function mayChangeEpochs(state: TrainingState, { recipe }: ResolvedSpec): boolean {
  return recipe.learningRate.schedule !== 'cosine' && recipe.epochs >= state.epoch;
}

/** The fields that decide what training does, by path. */
function trajectoryFields({ model, data, recipe }: ResolvedSpec): Map<string, unknown> {
  const { augmentation, normalize, crop, flip, color, shuffle } = data;
  const images = { augmentation, normalize, crop, flip, color, shuffle };
  return new Map(leaves('', { model, data: images, recipe }));
}

function* leaves(path: string, value: unknown): Generator<[string, unknown]> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    if (value !== undefined) yield [path, value];
    return;
  }
  for (const [key, inner] of Object.entries(value))
    yield* leaves(path === '' ? key : `${path}.${key}`, inner);
}

function describe(value: unknown): string {
  return value === undefined ? 'not given' : JSON.stringify(value);
}
