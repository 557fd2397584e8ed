import { fileURLToPath } from 'node:url';
import { labels } from '../../operator/api/v1alpha1/group.ts';
import { resourceTypes } from '../../operator/cluster/cluster.ts';
import { helmOn, releaseNamespace } from '../chart/cluster.ts';
import type { WholeCluster } from './cluster.ts';
import { images } from './images.ts';

const chart = fileURLToPath(new URL('../../charts/ringmaster', import.meta.url));

export const release = 'ringmaster';
/** Tag that stands for the release after the one of {@link images}. */
export const nextTag = 'next';
const patience = ['--wait', '--timeout=8m'];

/** Splits an image into repository and tag. */
export function splitTag(image: string): { readonly repository: string; readonly tag: string } {
  const at = image.lastIndexOf(':');
  return { repository: image.slice(0, at), tag: image.slice(at + 1) };
}

function values(tag: string): string[] {
  return [
    ...[`image.repository=${splitTag(images.operator).repository}`, `image.tag=${tag}`],
    ...Object.entries(splitTag(images.trainer)).map(([key, value]) => `trainer.image.${key}=${value}`),
  ].map((value) => `--set=${value}`);
}

/** What a person does with a release, by one version of Helm; each waits until the operator runs. */
export function releaseBy(world: WholeCluster, helm?: string) {
  const run = (args: readonly string[]) => helmOn(world.controlPlane, args, helm);
  return {
    install: () => run(['install', release, chart, ...values(splitTag(images.operator).tag), ...patience]),
    upgrade: () => run(['upgrade', release, chart, ...values(nextTag), ...patience]),
    rollback: () => run(['rollback', release, '1', ...patience]),
    uninstall: () => run(['uninstall', release, ...patience]),
  };
}

/** Images that the operator's pods run. */
export async function operatorImages({ cluster }: WholeCluster): Promise<string[]> {
  const pods = await cluster.list(resourceTypes.pods, { namespace: releaseNamespace });
  const alive = pods.filter(({ metadata }) => metadata.deletionTimestamp === undefined);
  return alive.flatMap(({ spec }) => spec.containers.map(({ image }) => image));
}

/** Uids of the pods of a run that have not ended. */
export async function livePods({ cluster }: WholeCluster, namespace: string, run: string): Promise<string[]> {
  const pods = await cluster.list(resourceTypes.pods, { namespace, labels: { [labels.run]: run } });
  return pods
    .filter(({ status, metadata }) => status?.phase === 'Running' && metadata.deletionTimestamp === undefined)
    .map(({ metadata }) => metadata.uid ?? '')
    .sort();
}
