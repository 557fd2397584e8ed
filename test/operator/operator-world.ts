import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect } from 'vitest';
import type { TrainingRun } from '../../operator/api/v1alpha1/training-run.ts';
import type { TrainingSweep } from '../../operator/api/v1alpha1/training-sweep.ts';
import { resourceTypes } from '../../operator/cluster/cluster.ts';
import type { HttpCluster } from '../../operator/cluster/http/open-http-cluster.ts';
import { shippedCrdFiles } from '../control-plane/install-crd.ts';
import { createNamespace, openRealCluster } from '../control-plane/real-cluster.ts';
import { startControlPlane, type ControlPlane, type ControlPlaneOptions } from '../control-plane/start.ts';
import { until } from '../control-plane/until.ts';
import { createAuditLog, type AuditLog } from './audit-log.ts';
import { installRights } from './install.ts';
import { watchInvariants, type InvariantWatch } from './invariants.ts';
import { startManager, type LogLine, type ManagerProcess } from './manager.ts';
import { createNode } from './nodes.ts';

const { pods, trainingRuns, trainingSweeps } = resourceTypes;

export interface OperatorWorldOptions {
  /** Names of nodes with 8 GPUs each. Default two. */
  readonly nodeNames?: readonly string[];
  readonly controlPlane?: ControlPlaneOptions;
  readonly managerFlags?: readonly string[];
}

/** What an {@link OperatorWorld} is made of. */
export type OperatorWorldParts = Pick<
  OperatorWorld,
  'controlPlane' | 'cluster' | 'audit' | 'operatorKubeconfig' | 'invariants' | 'folder' | 'manager'
>;

/**
 * A real control plane with an operator on it, as a process with the rights that the chart ships. Each test has a
 * namespace of its own; after each the log and the invariants are looked at.
 */
export class OperatorWorld {
  readonly controlPlane: ControlPlane;
  readonly cluster: HttpCluster;
  readonly audit: AuditLog;
  readonly operatorKubeconfig: string;
  readonly invariants: InvariantWatch;
  readonly folder: string;
  manager: ManagerProcess;
  namespace = 'default';
  /** Warnings of the operator that the present test brings about on purpose. */
  readonly expectedWarnings: RegExp[] = [];
  /** Those of earlier tests by namespace: what was under way at the end of one is told during the next. */
  readonly #earlierWarnings = new Map<string, readonly RegExp[]>();
  #namespaces = 0;
  #seenLines = 0;

  constructor(parts: OperatorWorldParts) {
    this.controlPlane = parts.controlPlane;
    this.cluster = parts.cluster;
    this.audit = parts.audit;
    this.operatorKubeconfig = parts.operatorKubeconfig;
    this.invariants = parts.invariants;
    this.folder = parts.folder;
    this.manager = parts.manager;
  }

  async beginTest(): Promise<void> {
    this.#namespaces += 1;
    this.#earlierWarnings.set(this.namespace, [...this.expectedWarnings]);
    this.expectedWarnings.length = 0;
    this.namespace = await createNamespace(this.controlPlane, `test-${this.#namespaces}`);
  }

  /** What a test leaves behind would be work for the next. */
  async endTest(): Promise<void> {
    const { cluster, namespace } = this;
    for (const type of [trainingSweeps, trainingRuns]) {
      for (const { metadata } of await cluster.list<TrainingSweep | TrainingRun>(type, { namespace }))
        await cluster.delete<TrainingSweep | TrainingRun>(type, { namespace, name: metadata.name });
    }
    for (const { metadata } of await cluster.list(pods, { namespace }))
      await cluster.delete(pods, { namespace, name: metadata.name }, { gracePeriodSeconds: 0 });
    expect(this.invariants.broken).toEqual([]);
    expect(await this.#unexpectedLines()).toEqual([]);
  }

  /** From here on this process is the operator, whose log is looked at. */
  async useManager(manager: ManagerProcess): Promise<void> {
    this.manager = manager;
    this.#seenLines = (await manager.log()).length;
  }

  async #unexpectedLines(): Promise<LogLine[]> {
    const lines = await this.manager.log();
    const fresh = lines.slice(this.#seenLines);
    this.#seenLines = lines.length;
    return fresh.filter(
      (line) => ['warn', 'error', 'fatal'].includes(line.level) && !this.#isExpected(JSON.stringify(line)),
    );
  }

  #isExpected(text: string): boolean {
    const isOneOf = (warnings: readonly RegExp[]) => warnings.some((expected) => expected.test(text));
    return (
      isOneOf(this.expectedWarnings) ||
      [...this.#earlierWarnings].some(
        ([namespace, warnings]) => text.includes(`"${namespace}/`) && isOneOf(warnings),
      )
    );
  }

  /** Gives the operator the chance to do something wrong: waits until it has looked at everything that was asked for. */
  async settles(): Promise<void> {
    let last = -1;
    await until(
      'the operator has nothing to do',
      async () => {
        const done = await this.manager.metric('controller_runtime_reconcile_total');
        const waiting = await this.manager.metric('workqueue_depth');
        const isStill = waiting === 0 && done === last;
        last = done;
        return isStill ? true : undefined;
      },
      { everyMs: 250 },
    );
  }

  async close(): Promise<void> {
    await this.invariants.close();
    await this.manager.child.kill();
    await this.cluster.close();
    await this.controlPlane.close();
    await rm(this.folder, { recursive: true, force: true });
  }
}

/** A world for the tests of a file; call it at the top of a `describe` or the file. */
export function useWorld<W extends OperatorWorld>(open: () => Promise<W>): () => W {
  let world: W | undefined;
  const current = () => {
    if (world === undefined) throw new Error('the world is not open yet');
    return world;
  };
  beforeAll(async () => {
    world = await open();
  });
  beforeEach(() => current().beginTest());
  afterEach(() => current().endTest());
  afterAll(async () => {
    await world?.close();
  });
  return current;
}

/** Starts the control plane, the nodes and the operator, and waits until the operator has begun. */
export async function openOperatorWorld(options: OperatorWorldOptions): Promise<OperatorWorldParts> {
  const folder = await mkdtemp(join(tmpdir(), 'ringmaster-operator-'));
  const audit = await createAuditLog(folder);
  const controlPlane = await startControlPlane({
    crdFiles: shippedCrdFiles,
    ...options.controlPlane,
    apiServerFlags: [...audit.apiServerFlags, ...(options.controlPlane?.apiServerFlags ?? [])],
    controllerManagerFlags: [
      // Nobody renews the leases of the nodes here; what the loss of a node leads to, tests bring about themselves.
      '--controllers=*,-node-lifecycle-controller,-nodeipam',
      ...(options.controlPlane?.controllerManagerFlags ?? []),
    ],
  });
  for (const name of options.nodeNames ?? ['node-1', 'node-2']) await createNode(controlPlane, name);
  const operatorKubeconfig = await installRights(controlPlane);
  const cluster = await openRealCluster(controlPlane);
  const invariants = await watchInvariants(cluster);
  const manager = await startManager({
    name: 'operator-1',
    kubeconfig: operatorKubeconfig,
    folder,
    ...(options.managerFlags === undefined ? {} : { flags: options.managerFlags }),
  });
  await manager.says('the controllers have seen everything and begin');
  return { controlPlane, cluster, audit, operatorKubeconfig, invariants, folder, manager };
}
