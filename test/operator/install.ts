import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { loadAll } from 'js-yaml';
import { isObject } from '../../operator/api/v1alpha1/wire-guards.ts';
import { kubectlPrograms } from '../control-plane/programs.ts';
import type { ControlPlane } from '../control-plane/start.ts';

const runProgram = promisify(execFile);
const chart = fileURLToPath(new URL('../../charts/ringmaster', import.meta.url));

export const operatorNamespace = 'ringmaster-system';
const release = 'ringmaster';
/** The operator as the API server knows it. */
export const operatorUser = `system:serviceaccount:${operatorNamespace}:${release}`;

/**
 * The objects that named templates of the shipped chart make, on a cluster that serves some more API versions.
 */
export async function renderChart(
  templates: readonly string[],
  values: readonly string[] = [],
  apiVersions: readonly string[] = [],
): Promise<string> {
  const { helm } = await kubectlPrograms();
  const { stdout } = await runProgram(helm, [
    'template',
    release,
    chart,
    `--namespace=${operatorNamespace}`,
    ...values.map((value) => `--set=${value}`),
    ...apiVersions.map((version) => `--api-versions=${version}`),
    ...templates.flatMap((template) => ['--show-only', `templates/${template}.yaml`]),
  ]);
  return stdout;
}

/** `verb group/resource` of everything that the shipped rules of a template grant. */
export async function grantedRights(template: 'rights' | 'queueing-rights'): Promise<Set<string>> {
  const rights = new Set<string>();
  for (const object of loadAll(await renderChart([template]))) {
    if (!isObject(object) || !Array.isArray(object.rules)) continue;
    for (const rule of object.rules as { apiGroups: string[]; resources: string[]; verbs: string[] }[]) {
      for (const group of rule.apiGroups)
        for (const resource of rule.resources)
          for (const verb of rule.verbs) rights.add(`${verb} ${group}/${resource}`);
    }
  }
  return rights;
}

/** Runs kubectl as the cluster admin; its standard output. */
export async function kubectl(
  controlPlane: ControlPlane,
  args: readonly string[],
  input?: string,
): Promise<string> {
  const { kubectl: program } = await kubectlPrograms();
  // A home of its own, so that neither a person's settings nor a cache of another server is read.
  const env = { KUBECONFIG: await controlPlane.kubeconfigFile(), HOME: controlPlane.folder };
  const running = runProgram(program, [...args], { env });
  running.child.stdin?.end(input);
  return (await running).stdout;
}

/**
 * Gives the operator the rights that the chart ships, and nothing else.
 * @returns path of a kubeconfig with a token of its service account
 */
export async function installRights(
  controlPlane: ControlPlane,
  values: readonly string[] = [],
): Promise<string> {
  await kubectl(controlPlane, ['create', 'namespace', operatorNamespace]);
  await kubectl(
    controlPlane,
    ['apply', '-f', '-'],
    await renderChart(['service-account', 'rights', 'queueing-rights'], values),
  );
  return writeOperatorKubeconfig(controlPlane);
}

/**
 * Gets a token of the operator's service account, which must be there.
 * @returns path of a kubeconfig with it
 */
export async function writeOperatorKubeconfig(controlPlane: ControlPlane): Promise<string> {
  const { body } = await controlPlane.fetch(
    'POST',
    `/api/v1/namespaces/${operatorNamespace}/serviceaccounts/${release}/token`,
    { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec: { expirationSeconds: 3600 } },
  );
  const token = isObject(body) && isObject(body.status) ? body.status.token : undefined;
  if (typeof token !== 'string') throw new Error(`no token for the operator: ${JSON.stringify(body)}`);
  const file = join(controlPlane.folder, 'operator.kubeconfig');
  await writeFile(
    file,
    JSON.stringify({
      apiVersion: 'v1',
      kind: 'Config',
      'current-context': 'test',
      clusters: [
        {
          name: 'test',
          cluster: {
            server: controlPlane.server,
            'certificate-authority': join(controlPlane.folder, 'apiserver.crt'),
          },
        },
      ],
      users: [{ name: release, user: { token } }],
      contexts: [{ name: 'test', context: { cluster: 'test', user: release } }],
    }),
    { mode: 0o600 },
  );
  return file;
}
