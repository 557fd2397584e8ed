import { cpus, totalmem } from 'node:os';
import { labels } from '../../api/v1alpha1/group.ts';
import { resolveSpec } from '../../api/v1alpha1/resolved-spec.ts';
import type { TrainingRun } from '../../api/v1alpha1/training-run.ts';
import { isClusterError } from '../../cluster/cluster-error.ts';
import { resourceTypes } from '../../cluster/cluster.ts';
import { formatBytes } from '../../base/quantities.ts';
import type { Connection } from '../connection/connection.ts';
import { keyOf } from '../run/submission.ts';

/** What a run ran on and with, as labels and values. */
export async function describeEnvironment(
  run: TrainingRun,
  connection: Connection,
): Promise<[string, string][]> {
  const { pods, gpusPerPod, image } = run.spec.trainers;
  const { precision, seed } = resolveSpec(run.spec).recipe;
  const count = (number: number, what: string) => `${number} ${what}${number === 1 ? '' : 's'}`;
  return [
    ['ranks', `${count(pods * gpusPerPod, 'rank')} in ${count(pods, 'pod')}`],
    ['precision', precision.compute],
    ['seed', String(seed)],
    ...(connection.kind === 'folder' ? machine() : await placesOf(run, connection)),
    ...(image === undefined ? [] : [['image', image] as [string, string]]),
  ];
}

/** The machine that this runs on, which trained the runs of its folders too. */
function machine(): [string, string][] {
  const processors = cpus();
  const model = processors[0]?.model.trim() ?? '';
  return [
    ['machine', `${processors.length} x ${model === '' ? 'processor' : model}, ${formatBytes(totalmem())}`],
    ['Node', process.versions.node],
  ];
}

/** Where its pods are or were, as far as the cluster still has them and lets us see. */
async function placesOf(run: TrainingRun, { cluster }: Connection): Promise<[string, string][]> {
  const { namespace } = keyOf(run);
  const selection = { namespace, labels: { [labels.runUid]: run.metadata.uid ?? '' } };
  try {
    const pods = await cluster.list(resourceTypes.pods, selection);
    const nodes = [...new Set(pods.flatMap(({ spec }) => spec.nodeName ?? []))].sort();
    const images = [...new Set(pods.flatMap(({ spec }) => spec.containers.map(({ image }) => image)))];
    return [
      ...(nodes.length === 0 ? [] : [['nodes', nodes.join(', ')] as [string, string]]),
      ...(images.length === 0 ? [] : [['images', images.join(', ')] as [string, string]]),
    ];
  } catch (error) {
    if (isClusterError(error, 'Forbidden')) return [];
    throw error;
  }
}
