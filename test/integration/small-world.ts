import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { labels } from '../../operator/api/v1alpha1/group.ts';
import type { Container, ObjectMeta, Pod, PodSpec } from '../../operator/api/wire.ts';
import { systemClock } from '../../operator/base/clock.ts';
import { createLogger } from '../../operator/base/logging.ts';
import { resourceTypes } from '../../operator/cluster/cluster.ts';
import {
  openEmbeddedCluster,
  type EmbeddedCluster,
} from '../../operator/cluster/embedded/embedded-cluster.ts';
import { runNodeAgent } from '../../operator/local/node-agent.ts';

export const namespace = 'tests';
const nodeName = 'local';
/** An image whose entry point is a shell that runs its first argument. */
const shellImage = 'shell';

/** An embedded cluster and a node agent in a folder of their own. */
export interface SmallWorld {
  readonly cluster: EmbeddedCluster;
  /** The node agent's folder. */
  readonly folder: string;
  /** Makes a pod whose one container runs a shell script. */
  run(name: string, script: string, more?: PodParts): Promise<Pod>;
  /** The pod once `holds` is true of it; fails after a deadline with the pod as it is then. */
  waitForPod(name: string, holds: (pod: Pod | undefined) => boolean): Promise<Pod | undefined>;
  /** The pod once it has ended. */
  ended(name: string): Promise<Pod>;
  /** Aborts the agent and waits until it has ended. */
  stopAgent(): Promise<void>;
  close(): Promise<void>;
}

interface PodParts {
  readonly metadata?: Partial<ObjectMeta>;
  readonly spec?: Partial<PodSpec>;
  readonly container?: Partial<Container>;
}

/** A folder for a small world. */
export function makeRoot(): string {
  return mkdtempSync(join(tmpdir(), 'ringmaster-node-agent-'));
}

/** Opens a small world and starts its agent. A root that was used before is gone on with. */
export async function openSmallWorld({ gpuSlots = 2, root = makeRoot() } = {}): Promise<SmallWorld> {
  const folder = join(root, 'agent');
  const log = createLogger('silent');
  const cluster = await openEmbeddedCluster({ folder: join(root, 'state'), clock: systemClock, log });
  const stop = new AbortController();
  const agent = runNodeAgent({
    cluster,
    clock: systemClock,
    log,
    nodeName,
    gpuSlots,
    folder,
    images: { [shellImage]: ['/bin/sh', '-c'] },
    signal: stop.signal,
  });
  const waitForPod: SmallWorld['waitForPod'] = async (name, holds) => {
    let pod: Pod | undefined;
    await until(
      async () => {
        pod = await cluster.get(resourceTypes.pods, { namespace, name });
        return holds(pod);
      },
      () => `pod ${name} is ${JSON.stringify(pod?.status)}`,
    );
    return pod;
  };
  const stopAgent = async () => {
    stop.abort();
    await agent;
  };
  return {
    cluster,
    folder,
    run: (name, script, more) => cluster.create(resourceTypes.pods, shellPod(name, script, more)),
    waitForPod,
    ended: async (name) => {
      const pod = await waitForPod(name, (seen) =>
        ['Succeeded', 'Failed'].includes(seen?.status?.phase ?? ''),
      );
      if (pod === undefined) throw new Error(`pod ${name} is gone`);
      return pod;
    },
    stopAgent,
    close: async () => {
      await stopAgent();
      cluster.close();
      rmSync(root, { recursive: true });
    },
  };
}

/** A pod that runs a shell script. */
function shellPod(name: string, script: string, { metadata, spec, container }: PodParts = {}): Pod {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace, ...metadata },
    spec: {
      restartPolicy: 'Never',
      terminationGracePeriodSeconds: 20,
      containers: [{ name: 'main', image: shellImage, args: [script], ...container }],
      ...spec,
    },
  };
}

/** Labels of the pods of one gang. */
export function gangLabels(run: string, attempt = 1): Record<string, string> {
  return { [labels.run]: run, [labels.runUid]: `${run}-uid`, [labels.attempt]: String(attempt) };
}

/** Waits until a condition holds. */
export async function until(
  holds: () => boolean | Promise<boolean>,
  describe: () => string,
  deadlineMs = 15_000,
): Promise<void> {
  const end = systemClock.now() + deadlineMs;
  while (!(await holds())) {
    if (systemClock.now() > end) throw new Error(`not within ${deadlineMs} ms: ${describe()}`);
    await systemClock.sleep(10);
  }
}

/** State of a pod's container. */
export function terminatedOf(pod: Pod | undefined) {
  return pod?.status?.containerStatuses?.[0]?.state.terminated;
}
