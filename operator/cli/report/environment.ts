import { cpus, totalmem } from 'node:os';
import * as z from 'zod';
import { TrainingEnvironment } from '../../api/trainer/training-environment.ts';
import { labels } from '../../api/v1alpha1/group.ts';
import { resolveSpec } from '../../api/v1alpha1/resolved-spec.ts';
import type { TrainingRun } from '../../api/v1alpha1/training-run.ts';
import { resourceTypes } from '../../cluster/cluster.ts';
import { formatBytes } from '../../base/quantities.ts';
import type { Connection } from '../connection/connection.ts';
import { goOnWithout } from '../connection/go-on-without.ts';
import type { CommandContext } from '../context.ts';
import { keyOf } from '../run/submission.ts';

/** What a checkpoint tells of where it comes from, which one needs to get it again. */
export const CheckpointOrigin = z.looseObject({
  dataFingerprint: z.string(),
  weightsHash: z.string(),
  environment: TrainingEnvironment.optional(),
});
export type CheckpointOrigin = z.output<typeof CheckpointOrigin>;

type Rows = [label: string, value: string][];

/**
 * What a run ran on and with, as labels and values.
 * @param origin of its newest checkpoint, as far as that can be read
 */
export async function describeEnvironment(
  run: TrainingRun,
  origin: CheckpointOrigin | undefined,
  connection: Connection,
  context: CommandContext,
): Promise<Rows> {
  const { pods, gpusPerPod, image } = run.spec.trainers;
  const { precision, seed } = resolveSpec(run.spec).recipe;
  const count = (number: number, what: string) => `${number} ${what}${number === 1 ? '' : 's'}`;
  return [
    ['ranks', `${count(pods * gpusPerPod, 'rank')} in ${count(pods, 'pod')}`],
    ['precision', precision.compute],
    ['seed', String(seed)],
    ...(origin === undefined ? [] : rowsOf(origin)),
    ...(connection.kind === 'folder' ? machine() : await placesOf(run, connection, context)),
    ...(image === undefined ? [] : [['image', image] satisfies Rows[number]]),
  ];
}

function rowsOf({ environment, dataFingerprint, weightsHash }: CheckpointOrigin): Rows {
  const { tensorflow, node, processor, threadsPerRank } = environment ?? {};
  const rows: [string, string | undefined][] = [
    ['TensorFlow', tensorflow],
    ['Node', node],
    ['processor', processor],
    ['threads', threadsPerRank === undefined ? undefined : `${threadsPerRank} a rank`],
    ['data', `SHA-256 ${dataFingerprint}`],
    ['weights', `SHA-256 ${weightsHash} of the newest checkpoint, momentum included`],
  ];
  return rows.flatMap(([label, value]) => (value === undefined || value === '' ? [] : [[label, value]]));
}

/** The machine that this runs on, which trained the runs of its folders too. */
function machine(): Rows {
  const processors = cpus();
  const model = processors[0]?.model.trim() ?? '';
  return [
    ['machine', `${processors.length} x ${model === '' ? 'processor' : model}, ${formatBytes(totalmem())}`],
  ];
}

/** Where its pods are or were, as far as the cluster still has them and lets us see. */
async function placesOf(run: TrainingRun, connection: Connection, context: CommandContext): Promise<Rows> {
  const { namespace } = keyOf(run);
  const selection = { namespace, labels: { [labels.runUid]: run.metadata.uid ?? '' } };
  const pods = await goOnWithout('nodes and images of pods', [], connection, context, () =>
    connection.cluster.list(resourceTypes.pods, selection),
  );
  const nodes = [...new Set(pods.flatMap(({ spec }) => spec.nodeName ?? []))].sort();
  const images = [...new Set(pods.flatMap(({ spec }) => spec.containers.map(({ image }) => image)))];
  const rows: Rows = [
    ['nodes', nodes.join(', ')],
    ['images', images.join(', ')],
  ];
  return rows.filter(([, value]) => value !== '');
}
