import type { TrainingRun } from './training-run.ts';

/** One thing wrong with a manifest. */
export interface FieldProblem {
  /** Path as people write it: `spec.recipe.learningRate.base`, `spec.trainers.env[2].name`. */
  readonly path: string;
  /** The value that stands there; absent when the field is missing. */
  readonly value?: unknown;
  /** What is wrong and what is allowed. */
  readonly message: string;
  /** A field or value close to what was written. */
  readonly suggestion?: string;
}

export type Validation =
  | { readonly ok: true; readonly run: TrainingRun }
  | { readonly ok: false; readonly problems: readonly FieldProblem[] };
