import { afterAll, beforeAll, beforeEach } from 'vitest';
import type { TrainingRun } from '../../operator/api/v1alpha1/training-run.ts';
import type { ObjectMeta, Pod } from '../../operator/api/wire.ts';
import { resourceTypes, type Cluster, type ObjectKey } from '../../operator/cluster/cluster.ts';
import { pod, trainingRun, type ContractWorld } from './contract-world.ts';

/** What each test of the contract stands on: the cluster, and a namespace of its own. */
export interface ContractFixture {
  readonly cluster: Cluster;
  readonly namespace: string;
  /** Another namespace, besides the test's own. */
  newNamespace(): Promise<string>;
  /** Key of an object in the test's own namespace. */
  readonly key: (name: string) => ObjectKey;
  readonly createRun: (name?: string, spec?: object) => Promise<TrainingRun>;
  readonly createPod: (
    name?: string,
    spec?: Partial<Pod['spec']>,
    metadata?: Partial<ObjectMeta>,
  ) => Promise<Pod>;
}

/** Opens a cluster for the tests of the describe block that this is called in, and closes it after them. */
export function useContractFixture(open: () => Promise<ContractWorld>): ContractFixture {
  let world: ContractWorld;
  let namespace: string;

  beforeAll(async () => {
    world = await open();
  });

  beforeEach(async () => {
    namespace = await world.newNamespace();
  });

  afterAll(async () => {
    await world.close();
  });

  const key = (name: string) => ({ namespace, name });
  return {
    get cluster() {
      return world.cluster;
    },
    get namespace() {
      return namespace;
    },
    newNamespace: () => world.newNamespace(),
    key,
    createRun: (name = 'run', spec = {}) =>
      world.cluster.create(resourceTypes.trainingRuns, trainingRun(key(name), spec)),
    createPod: (name = 'pod', spec = {}, metadata = {}) =>
      world.cluster.create(resourceTypes.pods, pod({ ...key(name), ...metadata }, spec)),
  };
}
