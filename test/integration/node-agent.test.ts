import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { agentVariables } from '../../operator/api/trainer/environment.ts';
import { resourceTypes } from '../../operator/cluster/cluster.ts';
import { findPodProcesses } from '../../operator/local/pod-processes.ts';
import { namespace, openSmallWorld, terminatedOf, until, type SmallWorld } from './small-world.ts';

let world: SmallWorld;

beforeAll(async () => {
  world = await openSmallWorld();
});

afterAll(async () => {
  await world.close();
});

const isRunning = (pod: { status?: { phase?: string } } | undefined) => pod?.status?.phase === 'Running';
const logOf = (name: string) => join(world.folder, 'logs', namespace, name, `${name}.log`);
const readLog = (name: string) => (existsSync(logOf(name)) ? readFileSync(logOf(name), 'utf8') : '');
const processesOf = (uid = '') => findPodProcesses(join(world.folder, 'pods', uid));

/** Waits until a script has said a word, so that what comes next finds it where the test wants it. */
async function hasSaid(name: string, word: string): Promise<void> {
  await until(
    () => readLog(name).includes(word),
    () => `${name} has said ${readLog(name)}`,
  );
}

describe('a container that ends', () => {
  it('succeeds its pod with exit code 0', async () => {
    await world.run('succeeds', 'exit 0');
    const pod = await world.ended('succeeds');
    expect(pod.status).toMatchObject({ phase: 'Succeeded' });
    expect(terminatedOf(pod)).toMatchObject({ exitCode: 0, reason: 'Completed' });
    expect(pod.status?.conditions).toContainEqual(
      expect.objectContaining({ type: 'Ready', status: 'False', reason: 'PodCompleted' }),
    );
  });

  it('fails its pod with its own exit code', async () => {
    await world.run('exits-75', 'exit 75');
    const pod = await world.ended('exits-75');
    expect(pod.status?.phase).toBe('Failed');
    expect(terminatedOf(pod)).toMatchObject({ exitCode: 75, reason: 'Error' });
    expect(terminatedOf(pod)?.signal).toBeUndefined();
  });

  it('reports a death by signal as 128 + n', async () => {
    await world.run('killed', 'kill -KILL $$$$'); // As to the kubelet, `$$` stands for one `$`.
    expect(terminatedOf(await world.ended('killed'))).toMatchObject({
      exitCode: 137,
      signal: 9,
      reason: 'Error',
    });
  });

  it('leaves its last words in the status', async () => {
    await world.run(
      'speaks',
      `printf '{"reason":"Diverged"}' > "$${agentVariables.terminationLog}"; exit 66`,
    );
    expect(terminatedOf(await world.ended('speaks'))?.message).toBe('{"reason":"Diverged"}');
  });

  it('leaves at most 4,096 bytes of them', async () => {
    await world.run('talks', `head -c 5000 /dev/zero | tr '\\0' x > "$${agentVariables.terminationLog}"`);
    expect(terminatedOf(await world.ended('talks'))?.message).toBe('x'.repeat(4096));
  });

  it('without last words is explained by the end of its log, when its policy says so', async () => {
    const container = { terminationMessagePolicy: 'FallbackToLogsOnError' };
    await world.run('mumbles', 'echo library missing >&2; exit 1', { container });
    expect(terminatedOf(await world.ended('mumbles'))?.message).toBe('library missing\n');
  });

  it('takes with it the children that it left behind', async () => {
    await world.run('parent', 'sleep 300 & setsid sleep 300 & echo started; exit 3');
    const pod = await world.ended('parent');
    expect(terminatedOf(pod)?.exitCode).toBe(3);
    expect(processesOf(pod.metadata.uid)).toEqual([]);
  });

  it('takes with it also a child that has thrown away its environment', async () => {
    await world.run('scrubbed', 'env -i /bin/sleep 300 & echo $!');
    await world.ended('scrubbed');
    const child = Number(readLog('scrubbed'));
    await until(
      () => !existsSync(`/proc/${child}`),
      () => `process ${child} still runs`,
    );
  });

  it('leaves its log and nothing else on the node', async () => {
    await world.run('tidy', 'echo out; echo err >&2; touch "$TMPDIR/file"');
    const { metadata } = await world.ended('tidy');
    await world.cluster.delete(resourceTypes.pods, { namespace, name: 'tidy' });
    await until(
      () => !readdirSync(join(world.folder, 'pods')).includes(metadata.uid ?? ''),
      () => 'the folder of the pod is still there',
    );
    expect(readLog('tidy')).toBe('out\nerr\n');
  });
});

describe('a container that cannot be started', () => {
  it('of an unknown image fails its pod and names the image', async () => {
    await world.run('no-image', 'true', { container: { image: 'elsewhere/trainer:9' } });
    const pod = await world.ended('no-image');
    expect(pod.status).toMatchObject({ phase: 'Failed', reason: 'ErrImageNeverPull' });
    expect(pod.status?.message).toContain('image elsewhere/trainer:9 is not on this node');
    expect(pod.status?.containerStatuses?.[0]?.state.waiting?.reason).toBe('ErrImageNeverPull');
  });

  it('of a program that does not exist fails its pod and names the program', async () => {
    await world.run('no-program', 'true', { container: { command: ['/no/such/program'] } });
    const pod = await world.ended('no-program');
    expect(pod.status).toMatchObject({ phase: 'Failed', reason: 'StartError' });
    expect(pod.status?.message).toMatch(/^\/no\/such\/program cannot be run: .*ENOENT/);
  });

  it('with a reference to an unknown field fails its pod and names the variable', async () => {
    const env = [{ name: 'NODE_ZONE', valueFrom: { fieldRef: { fieldPath: 'spec.zone' } } }];
    await world.run('no-field', 'true', { container: { env } });
    const pod = await world.ended('no-field');
    expect(pod.status?.reason).toBe('CreateContainerConfigError');
    expect(pod.status?.message).toContain('NODE_ZONE refers to the field spec.zone');
  });
});

describe('a container that runs', () => {
  it('has exactly the environment of its pod and its node', async () => {
    const env = [
      { name: 'PLAIN', value: 'a b' },
      { name: 'MADE', value: '$(PLAIN)-$(UNKNOWN)-$$(PLAIN)' },
      { name: 'POD', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
      { name: 'TEAM', valueFrom: { fieldRef: { fieldPath: "metadata.labels['team']" } } },
      { name: 'ADDRESS', valueFrom: { fieldRef: { fieldPath: 'status.podIP' } } },
    ];
    const pod = await world.run('environment', 'exec env -0', {
      metadata: { labels: { team: 'vision' } },
      spec: { hostname: 'host-of-it' },
      container: { env, command: ['/usr/bin/env', '-0'], args: [] },
    });
    const ended = await world.ended('environment');
    const podFolder = join(world.folder, 'pods', pod.metadata.uid ?? '');
    const found = readLog('environment').split('\0').filter(Boolean).sort();
    expect(found).toEqual(
      [
        `ADDRESS=${ended.status?.podIP ?? ''}`,
        `HOME=${podFolder}/scratch`,
        'HOSTNAME=host-of-it',
        'MADE=a b-$(UNKNOWN)-$(PLAIN)',
        'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
        'PLAIN=a b',
        'POD=environment',
        `${agentVariables.hostsFile}=${world.folder}/hosts/${namespace}`,
        `${agentVariables.terminationLog}=${podFolder}/termination-log-main`,
        'TEAM=vision',
        `TMPDIR=${podFolder}/scratch`,
      ].sort(),
    );
  });

  it('gets its arguments as they are', async () => {
    const command = ['/usr/bin/printf', '[%s]'];
    await world.run('arguments', '', { container: { command, args: ['a b', '', '*', '"$HOME"'] } });
    await world.ended('arguments');
    expect(readLog('arguments')).toBe('[a b][][*]["$HOME"]');
  });

  it('is reported as running and ready, with times', async () => {
    await world.run('runs', 'sleep 300');
    const pod = await world.waitForPod('runs', isRunning);
    expect(
      pod?.status?.conditions?.filter(({ status }) => status === 'True').map(({ type }) => type),
    ).toEqual(['PodScheduled', 'Initialized', 'ContainersReady', 'Ready']);
    expect(pod?.status?.startTime).toMatch(/^\d{4}-.*Z$/);
    expect(pod?.status?.containerStatuses?.[0]).toMatchObject({ ready: true, restartCount: 0, name: 'main' });
    await world.cluster.delete(resourceTypes.pods, { namespace, name: 'runs' }, { gracePeriodSeconds: 0 });
    await until(
      () => processesOf(pod?.metadata.uid).length === 0,
      () => 'processes of a force-deleted pod still run',
    );
  });

  it('has a loopback address of its own, which its peers find by name', async () => {
    const gang = ['peer-0', 'peer-1'];
    for (const name of gang)
      await world.run(name, 'sleep 300', { spec: { hostname: name, subdomain: 'peers' } });
    const pods = await Promise.all(gang.map((name) => world.waitForPod(name, isRunning)));
    const addresses = pods.map((pod) => pod?.status?.podIP ?? '');
    expect(new Set(addresses).size).toBe(2);
    const hosts = readFileSync(join(world.folder, 'hosts', namespace), 'utf8').split('\n');
    for (const [index, name] of gang.entries()) {
      expect(addresses[index]).toMatch(/^127\.\d+\.\d+\.\d+$/);
      const service = `${name}.peers.${namespace}`;
      expect(hosts).toContain(
        `${addresses[index] ?? ''} ${service}.svc.cluster.local ${service}.svc ${service} ${name}.peers`,
      );
    }
    for (const name of gang)
      await world.cluster.delete(resourceTypes.pods, { namespace, name }, { gracePeriodSeconds: 0 });
    await until(
      () => !readFileSync(join(world.folder, 'hosts', namespace), 'utf8').includes('peer-'),
      () => 'pods that are gone are still in the hosts file',
    );
  });
});

describe('a pod that is deleted', () => {
  it('is told by SIGTERM and goes when it has ended', async () => {
    await world.run('polite', `trap 'echo saving; exit 143' TERM; echo ready; while :; do sleep 0.02; done`);
    await hasSaid('polite', 'ready');
    await world.cluster.delete(resourceTypes.pods, { namespace, name: 'polite' });
    const marked = await world.cluster.get(resourceTypes.pods, { namespace, name: 'polite' });
    expect(marked?.metadata.deletionGracePeriodSeconds ?? 20).toBe(20);
    await world.waitForPod('polite', (pod) => pod === undefined);
    expect(readLog('polite')).toBe('ready\nsaving\n');
  });

  it('is killed with all its processes when the grace period is over', async () => {
    const pod = await world.run(
      'stubborn',
      `trap '' TERM; sleep 300 & echo ready; while :; do sleep 0.02; done`,
      {
        spec: { terminationGracePeriodSeconds: 1 },
      },
    );
    await hasSaid('stubborn', 'ready');
    const startedMs = performance.now();
    await world.cluster.delete(resourceTypes.pods, { namespace, name: 'stubborn' });
    await world.waitForPod('stubborn', (seen) => seen === undefined);
    expect(performance.now() - startedMs).toBeGreaterThan(900);
    expect(processesOf(pod.metadata.uid)).toEqual([]);
  });

  it('has less time when it is deleted again with a shorter grace period', async () => {
    await world.run('hurried', `trap '' TERM; echo ready; while :; do sleep 0.02; done`);
    await hasSaid('hurried', 'ready');
    await world.cluster.delete(resourceTypes.pods, { namespace, name: 'hurried' });
    await world.cluster.delete(resourceTypes.pods, { namespace, name: 'hurried' }, { gracePeriodSeconds: 1 });
    const startedMs = performance.now();
    await world.waitForPod('hurried', (pod) => pod === undefined);
    expect(performance.now() - startedMs).toBeLessThan(10_000);
  });
});
