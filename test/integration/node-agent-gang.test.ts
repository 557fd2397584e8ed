import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { assignmentVariable } from '../../operator/api/trainer/environment.ts';
import { resourceTypes } from '../../operator/cluster/cluster.ts';
import { gangLabels, namespace, openSmallWorld, type SmallWorld } from './small-world.ts';

let world: SmallWorld;

beforeEach(async () => {
  world = await openSmallWorld({ gpuSlots: 2 });
});

afterEach(async () => {
  await world.close();
});

/** Makes a pod of a gang that asks for GPUs. */
async function runMember(
  run: string,
  index: number,
  pods: number,
  gpus = 1,
  script = 'sleep 300',
): Promise<void> {
  await world.run(`${run}-1-${index}`, script, {
    metadata: { labels: gangLabels(run) },
    spec: { terminationGracePeriodSeconds: 1 },
    container: {
      resources: { limits: { 'nvidia.com/gpu': String(gpus) } },
      env: [{ name: assignmentVariable, value: JSON.stringify({ spec: { pods } }) }],
    },
  });
}

const unschedulable = (pod: { status?: { conditions?: { type: string; message?: string }[] } } | undefined) =>
  pod?.status?.conditions?.find(({ type }) => type === 'PodScheduled')?.message;

describe('the GPU slots of the node', () => {
  it('are given to a whole gang or not at all', async () => {
    await runMember('first', 0, 1);
    await world.waitForPod('first-1-0', (pod) => pod?.status?.phase === 'Running');
    await runMember('second', 0, 2);
    await runMember('second', 1, 2);
    const waiting = await world.waitForPod('second-1-1', (pod) => unschedulable(pod) !== undefined);
    expect(unschedulable(waiting)).toBe('2 pods together ask for 2 GPU slots, 1 of 2 are free');
    expect(waiting?.status?.phase).toBe('Pending');
    const sibling = await world.cluster.get(resourceTypes.pods, { namespace, name: 'second-1-0' });
    expect(sibling?.spec.nodeName).toBeUndefined();
    await world.cluster.delete(resourceTypes.pods, { namespace, name: 'first-1-0' });
    for (const name of ['second-1-0', 'second-1-1'])
      await world.waitForPod(name, (pod) => pod?.status?.phase === 'Running');
  });

  it('wait for a gang of which a pod is not made yet', async () => {
    await runMember('late', 0, 2);
    await runMember('single', 0, 1);
    // The later pod runs, so the scheduler has looked at the earlier one and left it.
    await world.waitForPod('single-1-0', (pod) => pod?.status?.phase === 'Running');
    const early = await world.cluster.get(resourceTypes.pods, { namespace, name: 'late-1-0' });
    expect(early?.spec.nodeName).toBeUndefined();
  });

  it('are free again when a pod has ended', async () => {
    await runMember('short', 0, 1, 2, 'exit 0');
    await world.ended('short-1-0');
    await runMember('next', 0, 1, 2);
    await world.waitForPod('next-1-0', (pod) => pod?.status?.phase === 'Running');
  });

  it('do not suffice for a gang that is larger than the node, which holds up nobody', async () => {
    await runMember('huge', 0, 1, 3);
    const waiting = await world.waitForPod('huge-1-0', (pod) => unschedulable(pod) !== undefined);
    expect(unschedulable(waiting)).toContain('1 pod asks for 3 GPU slots, but this node has 2 in all');
    await runMember('small', 0, 1);
    await world.waitForPod('small-1-0', (pod) => pod?.status?.phase === 'Running');
  });
});
