import { labels } from '../api/v1alpha1/group.ts';
import type { TrainingRun } from '../api/v1alpha1/training-run.ts';
import type { KubernetesObject, NetworkPolicy, Pod, Service } from '../api/wire.ts';
import { RingmasterError } from '../base/errors.ts';
import { ClusterError, type ClusterErrorReason } from '../cluster/cluster-error.ts';
import { resourceTypes, type Cluster, type ResourceType } from '../cluster/cluster.ts';
import type { Action } from '../plan/action.ts';

/** How the admission of Kubernetes words it (plugin/pkg/admission/resourcequota, controller.go). */
const exceedsQuota = /\bexceeded quota: /;

/** The API will not let a pod or Service of the run exist: quota, admission, or a name that is taken. */
export class CreationFailedError extends RingmasterError {
  /** Whether a ResourceQuota has no room for it now. */
  readonly isQuota: boolean;

  constructor(kind: string, name: string, why: string, options?: ErrorOptions) {
    super('CreationFailed', `${kind} ${name} cannot be created: ${why}`, options);
    this.isQuota = exceedsQuota.test(why);
  }
}

/** What creating an object again in a moment cannot cure by itself. */
const refusalReasons: readonly ClusterErrorReason[] = ['Forbidden', 'Invalid', 'BadRequest', 'NotFound'];

/** Told of every write that was acknowledged, so that nothing is planned before the caches show it. */
export interface WriteListener {
  onPodCreated(uid: string | undefined): void;
  onPodDeleted(uid: string): void;
  onServiceCreated(uid: string | undefined): void;
  onNetworkPolicyCreated(uid: string | undefined): void;
}

/**
 * Carries out the actions of a plan: deletions, then what stands around the pods, then the pods. What fails is tried again by the next
 * plan, so nothing is undone.
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
    }
  }
  await inGrowingBatches(deletions);
  // Before any pod: none is ever without its fence, and a name that was looked up in vain stays unknown for a while.
  await inGrowingBatches(surroundings);
  await inGrowingBatches(creations);
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
