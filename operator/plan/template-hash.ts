import { createHash } from 'node:crypto';
import { resolveSpec } from '../api/v1alpha1/resolved-spec.ts';
import type { TrainingRunSpec } from '../api/v1alpha1/spec.ts';

/** Annotation of a pod: a digest of the part of the spec that it was made from. */
export const templateHashAnnotation = 'ringmaster.dev/template-hash';

/** A digest of everything in a spec that a pod is made from. Pods of one gang must agree on it. */
export function templateHash(spec: TrainingRunSpec): string {
  return digestOf([resolveSpec(spec), spec.trainers]);
}

/** Tells values apart: 64 bits of the SHA-256 of their JSON, in hexadecimal digits. */
export function digestOf(value: unknown): string {
  return createHash('sha256').update(JSON.stringify(value)).digest('hex').slice(0, 16);
}
