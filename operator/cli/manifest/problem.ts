import type { FieldProblem } from '../../api/v1alpha1/validation.ts';

/** One thing wrong with a file, and where. */
export interface ManifestProblem extends Omit<FieldProblem, 'path'> {
  readonly file: string;
  /** Line in the file, from 1. */
  readonly line?: number;
  /** Number of the document in the file, from 1; only when the file holds several. */
  readonly document?: number;
  /** The field, when the problem belongs to one. */
  readonly path?: string;
}

const longestValue = 60;

/** One line for people: `run.yaml:12 spec.recipe.epochs: must be at least 1 (found 0)`. */
export function formatProblem(problem: ManifestProblem): string {
  const { file, line, document, path, message, suggestion } = problem;
  const place = `${file}${line === undefined ? '' : `:${line}`}${document === undefined ? '' : ` (document ${document})`}`;
  const field = path === undefined || path === '' ? '' : ` ${path}`;
  const advice = suggestion === undefined ? '' : `; did you mean ${suggestion}?`;
  return `${place}${field}: ${message}${formatFound(problem)}${advice}`;
}

/** The value that stands there, unless the message is about the field's being there at all. */
function formatFound({ value, message }: ManifestProblem): string {
  if (value === undefined || message.startsWith('unknown field')) return '';
  const text = JSON.stringify(value);
  return ` (found ${text.length > longestValue ? `${text.slice(0, longestValue)}...` : text})`;
}
