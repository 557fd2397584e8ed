import type { TrainingRun } from '../../operator/api/v1alpha1/training-run.ts';
import { SpecFields } from '../../operator/api/v1alpha1/spec.ts';
import { apiVersion, trainingRunKind } from '../../operator/api/v1alpha1/group.ts';
import type {
  Event,
  KubernetesObject,
  ObjectMeta,
  OwnerReference,
  Pod,
  Service,
} from '../../operator/api/wire.ts';
import { systemClock } from '../../operator/base/clock.ts';
import { ClusterError } from '../../operator/cluster/cluster-error.ts';
import type { Cluster, ResourceType, Selection, WatchEvent } from '../../operator/cluster/cluster.ts';

/** A cluster under test, with namespaces that exist. */
export interface ContractWorld {
  readonly cluster: Cluster;
  /** A namespace that only this test uses. */
  newNamespace(): Promise<string>;
  close(): Promise<void>;
}

/** Longest that anything the cluster does in the background may take, in milliseconds. */
const deadlineMs = 30_000;

/** A valid run with its required fields alone; `spec` goes over the wire as it is, valid or not. */
export function trainingRun(metadata: ObjectMeta, spec: object = {}): TrainingRun {
  const minimal = { data: { format: 'fashion-mnist', train: '/data' }, checkpoints: { uri: '/checkpoints' } };
  const run = { apiVersion, kind: trainingRunKind, metadata, spec: SpecFields.parse(minimal) } as const;
  return Object.assign(run, { spec: { ...minimal, ...spec } });
}

/** A pod that never runs anything: no node takes it, unless it is given one by name. */
export function pod(metadata: ObjectMeta, spec: Partial<Pod['spec']> = {}): Pod {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata,
    spec: {
      containers: [{ name: 'main', image: 'registry.invalid/nothing:1' }],
      restartPolicy: 'Never',
      automountServiceAccountToken: false,
      nodeSelector: { 'ringmaster.dev/no-such-node': 'true' },
      ...spec,
    },
  };
}

export function headlessService(metadata: ObjectMeta): Service {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata,
    spec: { clusterIP: 'None', publishNotReadyAddresses: true, selector: { app: 'trainer' } },
  };
}

export function eventOf(regarding: KubernetesObject, metadata: ObjectMeta): Event {
  const { apiVersion: version, kind, metadata: about } = regarding;
  return {
    apiVersion: 'events.k8s.io/v1',
    kind: 'Event',
    metadata,
    eventTime: '2026-01-01T00:00:00.000000Z',
    type: 'Normal',
    reason: 'GangStarting',
    action: 'Start',
    note: 'the gang starts',
    regarding: {
      apiVersion: version,
      kind,
      name: about.name,
      ...(about.namespace === undefined ? {} : { namespace: about.namespace }),
      ...(about.uid === undefined ? {} : { uid: about.uid }),
    },
    reportingController: 'ringmaster.dev/operator',
    reportingInstance: 'contract-test',
  };
}

/** The version of an object; of none, one that no object has. */
export function versionOf(object: KubernetesObject | undefined): string {
  return object?.metadata.resourceVersion ?? '';
}

/** A reference that makes `owner` the controller of another object. */
export function ownedBy({
  apiVersion: version,
  kind,
  metadata: { name, uid = '' },
}: KubernetesObject): OwnerReference {
  return { apiVersion: version, kind, name, uid, controller: true };
}

/** The refusal of a call that has to be refused. */
export async function refusalOf(call: Promise<unknown>): Promise<ClusterError> {
  try {
    await call;
  } catch (error) {
    if (error instanceof ClusterError) return error;
    throw error;
  }
  throw new Error('the call was not refused');
}

/** Waits until a condition holds. */
export async function eventually(holds: () => Promise<boolean>, what: string): Promise<void> {
  const end = systemClock.now() + deadlineMs;
  while (!(await holds())) {
    if (systemClock.now() > end) throw new Error(`not within ${deadlineMs} ms: ${what}`);
    await systemClock.sleep(20);
  }
}

/** A watch that is read as far as a test needs it. */
export interface Watcher<T> extends AsyncDisposable {
  /** Events up to and with the first for which `isLast` holds. */
  readUntil(isLast: (event: WatchEvent<T>) => boolean): Promise<WatchEvent<T>[]>;
}

export function startWatch<T extends KubernetesObject>(
  cluster: Cluster,
  type: ResourceType<T>,
  selection: Selection,
): Watcher<T> {
  const stop = new AbortController();
  const deadline = AbortSignal.timeout(deadlineMs);
  const signal = AbortSignal.any([stop.signal, deadline]);
  const events = cluster.watch(type, selection, signal)[Symbol.asyncIterator]();
  return {
    readUntil: async (isLast) => {
      const read: WatchEvent<T>[] = [];
      for (;;) {
        const next = await events.next();
        if (next.done === true) throw new Error(`the watch ended after ${JSON.stringify(read.map(summary))}`);
        read.push(next.value);
        if (isLast(next.value)) return read;
      }
    },
    [Symbol.asyncDispose]: async () => {
      stop.abort();
      await events.return?.();
    },
  };
}

/** A watch event in a word or two. */
export function summary(event: WatchEvent<KubernetesObject>): string {
  return event.type === 'synced' ? 'synced' : `${event.type} ${event.object.metadata.name}`;
}
