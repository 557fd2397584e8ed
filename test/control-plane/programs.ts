import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

const pointers = fileURLToPath(new URL('../../node_modules/.ringmaster/', import.meta.url));

/** Path of the program that holds the whole control plane; another version's may be named for `npm run test:versions`. */
export async function controlPlaneProgram(): Promise<string> {
  return process.env.RINGMASTER_TEST_CONTROL_PLANE ?? (await pointer('control-plane', ['program'])).program;
}

/** Paths of the real kubectl and helm; another version's helm may be named for `npm run test:versions`. */
export async function kubectlPrograms(): Promise<{ kubectl: string; helm: string }> {
  const programs = await pointer('kubectl', ['kubectl', 'helm']);
  return { ...programs, helm: process.env.RINGMASTER_TEST_HELM ?? programs.helm };
}

/** Paths of Helm 3 and of the next Kubernetes' control plane, for `npm run test:versions`. */
export async function otherVersionPrograms(): Promise<{ helm3: string; controlPlane: string }> {
  return pointer('other-versions', ['helm3', 'controlPlane']);
}

/** Path of kwok, which plays the kubelets of nodes that do not exist. */
export async function kwokProgram(): Promise<string> {
  return (await pointer('kwok', ['program'])).program;
}

/** Paths of what a whole cluster has besides the control plane, and of the Helm before the present one. */
export async function wholeClusterPrograms(): Promise<{ kubelet: string; coredns: string; helm3: string }> {
  return pointer('whole-cluster', ['kubelet', 'coredns', 'helm3']);
}

/** Path of Kueue, and of the folder with its CRDs. */
export async function kueueProgram(): Promise<{ program: string; crds: string }> {
  return pointer('kueue', ['program', 'crds']);
}

/**
 * Folders of the operators that `npm run bench -- control-loop` compares with: each holds the program, by the operator's
 * name, and its `crds`.
 */
export async function peerOperatorFolders(): Promise<{ trainingOperator: string; jobSet: string }> {
  return pointer('peer-operators', ['trainingOperator', 'jobSet']);
}

/** Path of SeaweedFS, the S3 server. */
export async function seaweedfsProgram(): Promise<string> {
  return (await pointer('seaweedfs', ['weed'])).weed;
}

/** The set-up leaves a note of where it put each program. */
async function pointer<K extends string>(name: string, fields: readonly K[]): Promise<Record<K, string>> {
  let note: unknown;
  try {
    note = JSON.parse(await readFile(`${pointers}${name}.json`, 'utf8'));
  } catch (error) {
    throw new Error(`${name} has not been set up; run: node operator/setup/main.mjs test`, { cause: error });
  }
  if (!hasTexts(note, fields))
    throw new Error(`node_modules/.ringmaster/${name}.json lacks ${fields.join(', ')}`);
  return note;
}

function hasTexts<K extends string>(value: unknown, fields: readonly K[]): value is Record<K, string> {
  if (typeof value !== 'object' || value === null) return false;
  const entries = new Map<string, unknown>(Object.entries(value));
  return fields.every((field) => typeof entries.get(field) === 'string');
}
