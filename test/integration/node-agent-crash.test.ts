import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../operator/base/clock.ts';
import { createLogger } from '../../operator/base/logging.ts';
import { resourceTypes } from '../../operator/cluster/cluster.ts';
import { runNodeAgent } from '../../operator/local/node-agent.ts';
import { endPodProcesses, findPodProcesses } from '../../operator/local/pod-processes.ts';
import { makeRoot, namespace, openSmallWorld, terminatedOf, until, type SmallWorld } from './small-world.ts';

const program = new URL('small-world-process.ts', import.meta.url).pathname;
let root: string;
let child: ChildProcess | undefined;
let world: SmallWorld | undefined;

beforeEach(() => {
  root = makeRoot();
});

afterEach(async () => {
  child?.kill('SIGKILL');
  await world?.close();
  await endPodProcesses(join(root, 'agent', 'pods'), systemClock);
  rmSync(root, { recursive: true, force: true });
  child = undefined;
  world = undefined;
});

/** Starts an agent in a process of its own, with one running pod. */
async function startAgentProcess(script: string): Promise<ChildProcess> {
  child = spawn(process.execPath, [program, root, script], { stdio: ['ignore', 'pipe', 'inherit'] });
  if (child.stdout === null) throw new Error('no output');
  await once(child.stdout, 'data');
  return child;
}

async function killAndWait(agent: ChildProcess): Promise<void> {
  agent.kill('SIGKILL');
  await once(agent, 'exit');
}

const commandOf = (pid: number) => readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim();

describe('a node agent that is killed', () => {
  it('takes the process groups of its pods with it', async () => {
    const agent = await startAgentProcess('sleep 301 & sleep 302');
    const pods = join(root, 'agent', 'pods');
    await until(
      () => findPodProcesses(pods).length === 3,
      () => 'the pod does not run',
    );
    await killAndWait(agent);
    await until(
      () => findPodProcesses(pods).length === 0,
      () => `still there: ${findPodProcesses(pods).map(commandOf).join(', ')}`,
    );
  });

  it('is followed by one that ends what is left and reports the pod as lost', async () => {
    const agent = await startAgentProcess('setsid sleep 303 & sleep 304');
    const pods = join(root, 'agent', 'pods');
    const escaped = () => findPodProcesses(pods).filter((pid) => commandOf(pid) === 'sleep 303');
    await until(
      () => escaped().length === 1,
      () => 'the child has not left its group',
    );
    await killAndWait(agent);
    expect(escaped()).toHaveLength(1);
    world = await openSmallWorld({ root });
    const pod = await world.ended('victim');
    expect(findPodProcesses(pods)).toEqual([]);
    expect(pod.status).toMatchObject({ phase: 'Failed', reason: 'NodeLost' });
    expect(pod.status?.message).toContain('the node agent was restarted');
    expect(terminatedOf(pod)?.exitCode).toBe(137);
  });

  it('is followed by one that removes a pod which was being deleted', async () => {
    const agent = await startAgentProcess(`trap '' TERM; while :; do sleep 0.05; done`);
    await killAndWait(agent);
    world = await openSmallWorld({ root, gpuSlots: 0 });
    await world.cluster.delete(resourceTypes.pods, { namespace, name: 'victim' });
    await world.waitForPod('victim', (pod) => pod === undefined);
    expect(findPodProcesses(join(root, 'agent', 'pods'))).toEqual([]);
  });
});

describe('a node agent that is stopped', () => {
  it('ends its pods within their grace period and says that it was the node', async () => {
    world = await openSmallWorld({ root });
    await world.run('polite', `trap 'exit 143' TERM; echo ready; while :; do sleep 0.02; done`);
    await world.run('stubborn', `trap '' TERM; while :; do sleep 0.02; done`, {
      spec: { terminationGracePeriodSeconds: 1 },
    });
    for (const name of ['polite', 'stubborn'])
      await world.waitForPod(name, (pod) => pod?.status?.phase === 'Running');
    await until(
      () =>
        readFileSync(join(root, 'agent', 'logs', namespace, 'polite', 'polite.log'), 'utf8') === 'ready\n',
      () => 'the polite pod has not set its trap',
    );
    await world.stopAgent();
    expect(findPodProcesses(join(root, 'agent', 'pods'))).toEqual([]);
    const pods = await world.cluster.list(resourceTypes.pods);
    expect(pods.map((pod) => [pod.metadata.name, pod.status?.phase, terminatedOf(pod)?.exitCode])).toEqual([
      ['polite', 'Failed', 143],
      ['stubborn', 'Failed', 137],
    ]);
    for (const pod of pods) {
      expect(pod.status?.conditions).toContainEqual(
        expect.objectContaining({ type: 'DisruptionTarget', status: 'True', reason: 'TerminationByKubelet' }),
      );
    }
  });

  it('is not joined by a second one on the same folder', async () => {
    world = await openSmallWorld({ root });
    const second = runNodeAgent({
      cluster: world.cluster,
      clock: systemClock,
      log: createLogger('silent'),
      nodeName: 'another',
      folder: world.folder,
      images: {},
      signal: AbortSignal.abort(),
    });
    await expect(second).rejects.toMatchObject({ reason: 'StateLocked' });
  });
});
