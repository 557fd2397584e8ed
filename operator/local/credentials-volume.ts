import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { defaultCredentialsFolder } from '../api/trainer/environment.ts';
import { isObject } from '../api/v1alpha1/wire-guards.ts';
import type { Container, KubernetesObject, Pod } from '../api/wire.ts';
import type { Cluster, ResourceType } from '../cluster/cluster.ts';
import { callPatiently, type Patience } from './call-patiently.ts';
import { ContainerStartError } from './container-start-error.ts';

/** A Secret, as far as a node reads it. */
interface Secret extends KubernetesObject {
  apiVersion: 'v1';
  kind: 'Secret';
  /** Values in base64. */
  data?: Record<string, string>;
}

const secrets: ResourceType<Secret> = { apiVersion: 'v1', kind: 'Secret', plural: 'secrets' };

/**
 * Writes the Secret that a container mounts as its keys to storage into a folder, one file a key. A plain process has
 * no mounts of its own, so it is told of the folder by a variable. Other volumes are not given to processes.
 * @returns whether the container mounts one
 * @throws ContainerStartError when the Secret does not exist
 */
export async function writeCredentials(
  context: Patience & { readonly cluster: Pick<Cluster, 'get'> },
  pod: Pod,
  container: Container,
  folder: string,
): Promise<boolean> {
  const name = credentialsSecret(pod, container);
  if (name === undefined) return false;
  const { namespace = '' } = pod.metadata;
  let secret: Secret | undefined;
  await callPatiently(context, async () => {
    secret = await context.cluster.get(secrets, { namespace, name });
  });
  if (secret === undefined) {
    throw new ContainerStartError(
      'CreateContainerConfigError',
      `there is no Secret ${name} in namespace ${namespace}, which spec.checkpoints.credentials names`,
    );
  }
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  for (const [key, value] of Object.entries(secret.data ?? {})) {
    // The API server lets keys consist of letters, digits, `-`, `_` and `.` only; `..` names no file.
    writeFileSync(join(folder, key), Buffer.from(value, 'base64'), { mode: 0o600 });
  }
  return true;
}

/** The Secret that is mounted where the planner mounts keys to storage. */
function credentialsSecret(pod: Pod, { volumeMounts = [] }: Container): string | undefined {
  const mount = volumeMounts.find(({ mountPath }) => mountPath === defaultCredentialsFolder);
  const volume = pod.spec.volumes?.find(({ name }) => name === mount?.name);
  if (mount === undefined || !isObject(volume?.secret)) return undefined;
  const { secretName } = volume.secret;
  return typeof secretName === 'string' ? secretName : undefined;
}
