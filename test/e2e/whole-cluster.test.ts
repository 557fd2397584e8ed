import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openWholeCluster, type WholeCluster } from './cluster.ts';
import { images } from './images.ts';
import { createRestrictedNamespace, isIn, manifest, namespace, prepareRuns, untilRun } from './runs.ts';

const chart = fileURLToPath(new URL('../../charts/ringmaster', import.meta.url));
const operatorNamespace = 'ringmaster-system';
const release = 'ringmaster';

let world: WholeCluster;
let close: (() => Promise<void>) | undefined;

const [operatorRepository, operatorTag] = splitTag(images.operator);
const [trainerRepository, trainerTag] = splitTag(images.trainer);
const values = [
  ...[`image.repository=${operatorRepository}`, `image.tag=${operatorTag}`],
  ...[`trainer.image.repository=${trainerRepository}`, `trainer.image.tag=${trainerTag}`],
].map((value) => `--set=${value}`);

function splitTag(image: string): [string, string] {
  const at = image.lastIndexOf(':');
  return [image.slice(0, at), image.slice(at + 1)];
}

beforeAll(async () => {
  world = await openWholeCluster();
  close = world.close;
  await prepareRuns(world);
  await createRestrictedNamespace(world, operatorNamespace);
});
afterAll(() => close?.());

it('installs with Helm into a namespace that admits restricted pods only', async () => {
  await world.helm([
    'install',
    release,
    chart,
    `--namespace=${operatorNamespace}`,
    ...values,
    '--wait',
    '--timeout=5m',
  ]);
  const pods = await world.kubectl(['get', 'pods', `--namespace=${operatorNamespace}`]);
  expect(pods).toContain('Running');
});

it('trains Fashion-MNIST on two pods of two ranks that find each other by the cluster DNS', async () => {
  await world.kubectl(['apply', '-f', '-'], manifest(world, 'digits', 1));
  const run = await untilRun(world, 'digits', 'succeeds', isIn('Succeeded'));
  expect(run.status?.result?.top1).toBeGreaterThan(0.6);
  expect(await world.kubectl(['get', 'pods', `--namespace=${namespace}`])).toContain('Completed');
});
