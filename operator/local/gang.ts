import * as z from 'zod';
import { assignmentVariable } from '../api/trainer/environment.ts';
import { labels } from '../api/v1alpha1/group.ts';
import type { Pod } from '../api/wire.ts';

/** The one thing that a scheduler needs of an assignment. */
const GangSize = z.object({ spec: z.object({ pods: z.int().min(1) }) });

/** Pods with the same key run together or not at all: one attempt of one run. A pod of no run is a gang of its own. */
export function gangKey({ metadata }: Pod): string {
  const runUid = metadata.labels?.[labels.runUid];
  const attempt = metadata.labels?.[labels.attempt];
  return runUid === undefined || attempt === undefined
    ? `pod/${metadata.uid ?? metadata.name}`
    : `run/${runUid}/${attempt}`;
}

/** How many pods the gang has once all are made, as each of them says in its assignment. */
export function gangSize(pod: Pod): number {
  const assignment = pod.spec.containers
    .flatMap(({ env = [] }) => env)
    .find(({ name }) => name === assignmentVariable)?.value;
  if (assignment === undefined) return 1;
  try {
    return GangSize.parse(JSON.parse(assignment)).spec.pods;
  } catch {
    return 1; // The trainer itself will say what is wrong with its assignment.
  }
}
