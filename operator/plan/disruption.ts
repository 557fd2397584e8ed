import type { Trainers } from '../api/v1alpha1/trainers.ts';

const safeToEvict = 'cluster-autoscaler.kubernetes.io/safe-to-evict';
const doNotDisrupt = 'karpenter.sh/do-not-disrupt';

/**
 * What a pod says to those who take nodes away to save money. Cluster Autoscaler moves no pod with an emptyDir, as every
 * trainer has one, unless it is told that it may; Karpenter moves every pod unless it is told that it may not.
 * https://github.com/kubernetes/autoscaler/blob/master/cluster-autoscaler/FAQ.md
 * https://karpenter.sh/docs/concepts/disruption
 * @param isFresh whether a checkpoint was saved a moment ago, so that a move costs little whatever happens
 * @returns each annotation with its value, or `null` for one that must not be there
 */
export function disruptionAnnotations(
  { disruption }: Pick<Trainers, 'disruption'>,
  isFresh: boolean,
): Record<typeof safeToEvict | typeof doNotDisrupt, string | null> {
  const mayMove = disruption === 'Allow' || (disruption === 'AfterCheckpoint' && isFresh);
  return { [safeToEvict]: String(mayMove), [doNotDisrupt]: mayMove ? null : 'true' };
}
