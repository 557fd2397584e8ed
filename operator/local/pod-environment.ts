import { agentVariables } from '../api/trainer/environment.ts';
import type { Container, EnvironmentVariable, Pod } from '../api/wire.ts';
import { ContainerStartError } from './container-start-error.ts';
import { expandVariables } from './expand-variables.ts';

/** What the node gives to a container besides its own environment. */
export interface NodeSurroundings {
  readonly nodeName: string;
  readonly podAddress: string;
  /** Folder for temporary files, the container's home and working folder. */
  readonly scratchFolder: string;
  readonly terminationLog: string;
  readonly hostsFile: string;
  /** Folder that stands for the mounted keys to storage, when the pod mounts them. */
  readonly credentialsFolder?: string;
}

/** The PATH that container images usually have. */
const defaultPath = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/**
 * The whole environment of a container. Nothing of the node agent's own environment gets in: what a process needs, its
 * pod has to say, here as on a cluster.
 * @throws ContainerStartError when a field reference cannot be resolved
 */
export function containerEnvironment(
  pod: Pod,
  container: Container,
  surroundings: NodeSurroundings,
): Record<string, string> {
  const environment: Record<string, string> = {
    PATH: defaultPath,
    HOME: surroundings.scratchFolder,
    TMPDIR: surroundings.scratchFolder,
    HOSTNAME: pod.spec.hostname ?? pod.metadata.name,
  };
  for (const variable of container.env ?? []) {
    environment[variable.name] = valueOf(variable, environment, pod, surroundings);
  }
  // Last, so that no pod can name files of another.
  environment[agentVariables.terminationLog] = surroundings.terminationLog;
  environment[agentVariables.hostsFile] = surroundings.hostsFile;
  const { credentialsFolder } = surroundings;
  if (credentialsFolder !== undefined) environment[agentVariables.credentialsFolder] = credentialsFolder;
  return environment;
}

function valueOf(
  { name, value, valueFrom }: EnvironmentVariable,
  earlier: Readonly<Record<string, string>>,
  pod: Pod,
  surroundings: NodeSurroundings,
): string {
  if (valueFrom === undefined) return expandVariables(value ?? '', earlier);
  const { fieldPath } = valueFrom.fieldRef;
  const field = fieldOf(fieldPath, pod, surroundings);
  if (field !== undefined) return field;
  throw new ContainerStartError(
    'CreateContainerConfigError',
    `environment variable ${name} refers to the field ${fieldPath}, which this node cannot give`,
  );
}

/** Fields of the downward API (https://kubernetes.io/docs/concepts/workloads/pods/downward-api/). */
function fieldOf(
  path: string,
  { metadata, spec }: Pod,
  { nodeName, podAddress }: NodeSurroundings,
): string | undefined {
  const fields: Readonly<Record<string, string | undefined>> = {
    'metadata.name': metadata.name,
    'metadata.namespace': metadata.namespace,
    'metadata.uid': metadata.uid,
    'spec.nodeName': nodeName,
    'spec.serviceAccountName': spec.serviceAccountName ?? 'default',
    'status.podIP': podAddress,
    'status.podIPs': podAddress,
    'status.hostIP': '127.0.0.1',
  };
  const entry = /^metadata\.(labels|annotations)\['(.+)'\]$/.exec(path);
  if (entry === null) return fields[path];
  const [, map, key = ''] = entry;
  return (map === 'labels' ? metadata.labels : metadata.annotations)?.[key] ?? '';
}
