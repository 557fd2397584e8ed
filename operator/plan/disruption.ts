import type { Trainers } from '../api/v1alpha1/trainers.ts';

/**
 * What a pod says to those who take nodes away to save money. Cluster Autoscaler moves no pod with an emptyDir, as every
 * trainer has one, unless it is told that it may; Karpenter moves every pod unless it is told that it may not.
 * https://github.com/kubernetes/autoscaler/blob/master/cluster-autoscaler/FAQ.md
 * https://karpenter.sh/docs/concepts/disruption
 */
export function disruptionAnnotations({ disruption }: Pick<Trainers, 'disruption'>): Record<string, string> {
  return disruption === 'Allow'
    ? { 'cluster-autoscaler.kubernetes.io/safe-to-evict': 'true' }
    : {
        'cluster-autoscaler.kubernetes.io/safe-to-evict': 'false',
        'karpenter.sh/do-not-disrupt': 'true',
      };
}
