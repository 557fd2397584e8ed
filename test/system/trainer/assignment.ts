import type { Assignment } from '../../../operator/api/trainer/environment.ts';
import { smallSpec, type SmallSpecChanges } from '../../fixtures/small-spec.ts';

export interface AssignmentOptions {
  readonly attempt?: number;
  readonly podIndex?: number;
  readonly pods?: number;
  readonly ranksPerPod?: number;
  readonly spec?: SmallSpecChanges;
}

/** A pod of a run that trains the smallest network; two ranks in one pod unless told otherwise. */
export function smallAssignment(options: AssignmentOptions = {}): Assignment {
  const attempt = options.attempt ?? 1;
  return {
    namespace: 'vision',
    run: 'small',
    runUid: 'a-uid',
    attempt,
    podIndex: options.podIndex ?? 0,
    leader: `small-${attempt}-0.small`,
    spec: { ...smallSpec(options.spec), pods: options.pods ?? 1, ranksPerPod: options.ranksPerPod ?? 2 },
  };
}
