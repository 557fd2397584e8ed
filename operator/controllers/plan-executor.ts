import { labels } from '../api/v1alpha1/group.ts';
import type { TrainingRun } from '../api/v1alpha1/training-run.ts';
import type { Workload } from '../api/kueue.ts';
import type { PodGroup } from '../api/pod-group.ts';
import type { KubernetesObject, NetworkPolicy, Pod, Service } from '../api/wire.ts';
import { ClusterError, type ClusterErrorReason } from '../cluster/cluster-error.ts';
import { podGroupType, resourceTypes, type Cluster, type ResourceType } from '../cluster/cluster.ts';
import type { Action } from '../plan/action.ts';
import { CreationFailedError } from './creation-failed-error.ts';
import { withPriority } from './queue-priority.ts';

/** What creating an object again in a moment cannot cure by itself. */
const refusalReasons: readonly ClusterErrorReason[] = ['Forbidden', 'Invalid', 'BadRequest', 'NotFound'];

/** Told of every write that was acknowledged, so that nothing is planned before the caches show it. */
export interface WriteListener {
  onPodCreated(uid: string | undefined): void;
  onPodDeleted(uid: string): void;
  onPodPatched(uid: string, version: string | undefined): void;
  onServiceCreated(uid: string | undefined): void;
  onNetworkPolicyCreated(uid: string | undefined): void;
  onPodGroupCreated(uid: string | undefined): void;
  onWorkloadCreated(uid: string | undefined): void;
  onWorkloadDeleted(uid: string): void;
  onWorkloadPatched(version: string | undefined): void;
}

/**
 * Carries out the actions of a plan: deletions, then what stands around the pods, then the pods, and last what others are
 * told in annotations and in the status of a Workload. What fails is tried again by the next plan, so nothing is undone.
 * @throws the first error of the API
 */
export async function execute(
  cluster: Cluster,
  run: TrainingRun,
  actions: readonly Action[],
  listener: WriteListener,
): Promise<void> {
  const { namespace = 'default' } = run.metadata;
  const surroundings: (() => Promise<void>)[] = [];
  const creations: (() => Promise<void>)[] = [];
  const deletions: (() => Promise<void>)[] = [];
  const notes: (() => Promise<void>)[] = [];
  for (const action of actions) {
    switch (action.type) {
      case 'deletePod':
        deletions.push(async () => {
          const { name, uid, gracePeriodSeconds } = action;
          await cluster.delete<Pod>(
            resourceTypes.pods,
            { namespace, name },
            { preconditions: { uid }, ...(gracePeriodSeconds === undefined ? {} : { gracePeriodSeconds }) },
          );
          listener.onPodDeleted(uid);
        });
        break;
      case 'deleteService':
        deletions.push(() => deleteExactly<Service>(cluster, resourceTypes.services, namespace, action));
        break;
      case 'createNetworkPolicy':
        surroundings.push(async () => {
          const { networkPolicy } = action;
          listener.onNetworkPolicyCreated(
            await createOwned<NetworkPolicy>(cluster, resourceTypes.networkPolicies, networkPolicy, run),
          );
        });
        break;
      case 'deleteNetworkPolicy':
        deletions.push(() =>
          deleteExactly<NetworkPolicy>(cluster, resourceTypes.networkPolicies, namespace, action),
        );
        break;
      case 'deleteRun':
        deletions.push(() =>
          deleteExactly<TrainingRun>(cluster, resourceTypes.trainingRuns, namespace, {
            name: run.metadata.name,
            uid: action.uid,
          }),
        );
        break;
      case 'createService':
        surroundings.push(async () => {
          const { service } = action;
          listener.onServiceCreated(
            await createOwned<Service>(cluster, resourceTypes.services, service, run),
          );
        });
        break;
      case 'createPod':
        creations.push(async () => {
          listener.onPodCreated(await createOwned<Pod>(cluster, resourceTypes.pods, action.pod, run));
        });
        break;
      case 'createPodGroup':
        surroundings.push(async () => {
          const { podGroup } = action;
          const type = podGroupType(podGroup.apiVersion);
          listener.onPodGroupCreated(await createOwned<PodGroup>(cluster, type, podGroup, run));
        });
        break;
      case 'deletePodGroup':
        deletions.push(() =>
          deleteExactly<PodGroup>(cluster, podGroupType(action.apiVersion), namespace, action),
        );
        break;
      case 'createWorkload':
        surroundings.push(async () => {
          const workload = await withPriority(cluster, action.workload, action.priorityClass);
          listener.onWorkloadCreated(
            await createOwned<Workload>(cluster, resourceTypes.workloads, workload, run),
          );
        });
        break;
      case 'deleteWorkload':
        deletions.push(async () => {
          await deleteExactly<Workload>(cluster, resourceTypes.workloads, namespace, action);
          listener.onWorkloadDeleted(action.uid);
        });
        break;
      case 'patchWorkloadStatus':
        notes.push(async () => {
          const { name, uid, resourceVersion, status } = action;
          const { metadata } = await cluster.patchStatus<Workload>(
            resourceTypes.workloads,
            { namespace, name },
            { status },
            { uid, ...(resourceVersion === undefined ? {} : { resourceVersion }) },
          );
          listener.onWorkloadPatched(metadata.resourceVersion);
        });
        break;
      case 'annotateWorkload':
        notes.push(async () => {
          const version = await annotate<Workload>(cluster, resourceTypes.workloads, namespace, action);
          listener.onWorkloadPatched(version);
        });
        break;
      case 'annotatePod':
        notes.push(async () => {
          const version = await annotate<Pod>(cluster, resourceTypes.pods, namespace, action);
          listener.onPodPatched(action.uid, version);
        });
    }
  }
  await inGrowingBatches(deletions);
  // Before any pod: none is ever without its fence, and a name that was looked up in vain stays unknown for a while.
  await inGrowingBatches(surroundings);
  await inGrowingBatches(creations);
  // Last: nothing that they say may keep a pod from being made or from going.
  await inGrowingBatches(notes);
}

/** @returns the version of the object that has them */
async function annotate<T extends KubernetesObject>(
  cluster: Cluster,
  type: ResourceType<T>,
  namespace: string,
  { name, uid, annotations }: Extract<Action, { readonly type: 'annotatePod' | 'annotateWorkload' }>,
): Promise<string | undefined> {
  const { metadata } = await cluster.patch<T>(
    type,
    { namespace, name },
    { metadata: { annotations } },
    { uid },
  );
  return metadata.resourceVersion;
}

async function deleteExactly<T extends KubernetesObject>(
  cluster: Cluster,
  type: ResourceType<T>,
  namespace: string,
  { name, uid }: { readonly name: string; readonly uid: string },
): Promise<void> {
  await cluster.delete<T>(type, { namespace, name }, { preconditions: { uid } });
}

/**
 * Creates an object, or finds that it was created before by us, as after an answer that got lost.
 * @returns its UID
 */
export async function createOwned<T extends KubernetesObject>(
  cluster: Cluster,
  type: ResourceType<T>,
  object: T,
  owner: KubernetesObject,
): Promise<string | undefined> {
  const { name, namespace = 'default' } = object.metadata;
  try {
    return (await cluster.create<T>(type, object)).metadata.uid;
  } catch (error) {
    if (!(error instanceof ClusterError)) throw error;
    if (refusalReasons.includes(error.reason)) {
      throw new CreationFailedError(type.kind, name, error.message, { cause: error });
    }
    if (error.reason !== 'AlreadyExists') throw error;
    const metadata = (await cluster.get<T>(type, { namespace, name }))?.metadata;
    if (metadata === undefined) throw error;
    if (metadata.ownerReferences?.some(({ uid }) => uid === owner.metadata.uid)) return metadata.uid;
    const earlier = metadata.labels?.[labels.run];
    const why = `it exists already and belongs to ${earlier === undefined ? 'somebody else' : `an earlier run ${earlier}`}`;
    throw new CreationFailedError(type.kind, name, why, { cause: error });
  }
}

/**
 * Runs calls side by side in batches of 4, 8, 16 and so on, and stops after a batch with an error: a quota that is
 * exhausted refuses a few pods and not a thousand, as in Kubernetes' own Job controller, which begins with 1.
 */
export async function inGrowingBatches(calls: readonly (() => Promise<void>)[]): Promise<void> {
  for (let start = 0, size = 4; start < calls.length; start += size, size *= 2) {
    const results = await Promise.allSettled(calls.slice(start, start + size).map((call) => call()));
    const failed = results.find((result) => result.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
  }
}
