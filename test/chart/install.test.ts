import { execFile } from 'node:child_process';
import { delimiter, dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { podOf } from '../../operator/plan/pods.ts';
import { validateTrainingRun } from '../../operator/api/v1alpha1/validate.ts';
import { until } from '../control-plane/until.ts';
import { kubectlPrograms } from '../control-plane/programs.ts';
import { startControlPlane, type ControlPlane } from '../control-plane/start.ts';
import { kubectl } from '../operator/install.ts';
import { createRestrictedNamespaces, helmOn, releaseNamespace } from './cluster.ts';
import { documentedCommands } from './documentation.ts';
import { chartFolder, render, renderText, setting } from './helm.ts';
import { standInMonitoringCrds } from './stand-in-monitoring-crds.ts';
import { valueFiles, withPrometheus } from './value-files.ts';

const repository = fileURLToPath(new URL('../..', import.meta.url));

let controlPlane: ControlPlane;

beforeAll(async () => {
  controlPlane = await startControlPlane({ components: [] });
  await createRestrictedNamespaces(controlPlane, [releaseNamespace, 'vision']);
  await kubectl(
    controlPlane,
    ['apply', '-f', '-'],
    JSON.stringify({ apiVersion: 'v1', kind: 'List', items: standInMonitoringCrds() }),
  );
  await kubectl(controlPlane, ['wait', '--for=condition=Established', 'crd', '--all', '--timeout=30s']);
});

afterAll(() => controlPlane.close());

const manifest = (name: string, trainers: object = {}) => ({
  apiVersion: 'ringmaster.dev/v1alpha1',
  kind: 'TrainingRun',
  metadata: { name, namespace: 'vision', uid: '5d1e1c0e-0000-4000-8000-000000000000' },
  spec: {
    data: { format: 'fashion-mnist', train: '/data' },
    checkpoints: { uri: '/checkpoints', credentials: { secretRef: { name: 's3' } } },
    trainers,
  },
});

/** What the server says to a pod of a namespace that enforces `restricted`. */
async function admitPod(namespace: string, pod: object): Promise<unknown> {
  const { code, body } = await controlPlane.fetch(
    'POST',
    `/api/v1/namespaces/${namespace}/pods?dryRun=All&fieldValidation=Strict`,
    pod,
  );
  return code === 201 ? 'admitted' : body;
}

describe('a real API server', () => {
  it.each(valueFiles)('takes all that the chart makes of $name', async ({ file }) => {
    const text = await renderText([`--values=${file}`, withPrometheus]);
    const applied = await kubectl(
      controlPlane,
      ['apply', '--server-side', '--dry-run=server', '--validate=strict', '-f', '-'],
      text,
    );
    const documents = text.match(/^kind: /gm)?.length;
    expect(applied.trim().split('\n')).toHaveLength(documents ?? 0);
  });

  it.each(valueFiles)('admits the operator of $name to a restricted namespace', async ({ file }) => {
    const [deployment] = (await render([`--values=${file}`])).filter(({ kind }) => kind === 'Deployment');
    const { template } = deployment?.spec as { template: { metadata: object; spec: object } };
    const pod = { ...template, metadata: { ...template.metadata, name: 'operator' } };
    expect(await admitPod(releaseNamespace, pod)).toBe('admitted');
  });

  it.each([
    ['of the fewest fields', {}],
    ['with an account', { serviceAccountName: 'trainer' }],
    [
      'with volumes of every kind',
      {
        volumes: [
          { name: 'data', mountPath: '/data', persistentVolumeClaim: { claimName: 'data' }, readOnly: true },
          { name: 'secret', mountPath: '/secret', secret: { secretName: 'keys' } },
          { name: 'config', mountPath: '/config', configMap: { name: 'settings' } },
          { name: 'scratch', mountPath: '/scratch', emptyDir: { medium: 'Memory', sizeLimit: '1Gi' } },
        ],
      },
    ],
    [
      'with everything about nodes',
      {
        nodeSelector: { pool: 'gpu' },
        tolerations: [{ key: 'nvidia.com/gpu', operator: 'Exists' }],
        affinity: { podAntiAffinity: {} },
        resources: { requests: { cpu: 4 }, limits: { memory: '8Gi' } },
      },
    ],
  ])('admits the pods of a run %s to a restricted namespace', async (_, trainers) => {
    const validation = validateTrainingRun(manifest('digits', trainers));
    if (!validation.ok) throw new Error(JSON.stringify(validation.problems));
    const pod = podOf(validation.run, 1, 0, { trainerImage: 'ringmaster/trainer:0.1.0' });
    expect(await admitPod('vision', pod)).toBe('admitted');
  });

  it('refuses a pod there that is not locked up, so that the tests above can fail', async () => {
    const pod = { metadata: { name: 'loose' }, spec: { containers: [{ name: 'main', image: 'a:1' }] } };
    expect(JSON.stringify(await admitPod('vision', pod))).toContain('violates PodSecurity');
  });
});

describe('the commands that the documentation tells to type', () => {
  it('all succeed on a cluster, from installing to taking it away', async () => {
    const commands = await documentedCommands();
    expect(commands[0]).toMatch(/^helm install/);
    expect(commands.at(-1)).toMatch(/^helm uninstall/);
    const { helm, kubectl: kubectlProgram } = await kubectlPrograms();
    const env = {
      KUBECONFIG: await controlPlane.kubeconfigFile(),
      HOME: controlPlane.folder,
      PATH: [dirname(helm), dirname(kubectlProgram), process.env.PATH].join(delimiter),
    };
    for (const command of commands)
      await promisify(execFile)('bash', ['-c', command], { cwd: repository, env }).catch((error: unknown) => {
        throw new Error(`${command} failed`, { cause: error });
      });
  });
});

describe('a release', () => {
  it('warns in its notes of what is given up', async () => {
    const notes = (values: Readonly<Record<string, unknown>> = {}) =>
      helmOn(controlPlane, ['install', 'ringmaster', chartFolder, '--dry-run=client', ...setting(values)]);
    expect(await notes()).not.toContain('WARNING');
    const warned = await notes({
      replicas: 1,
      'crds.keep': false,
      'admission.enabled': false,
      'networkPolicies.runs': false,
    });
    expect(warned.match(/WARNING/g)).toHaveLength(4);
  });

  it('is installed with its CRDs, upgraded, rolled back, taken away and installed again, and runs stay', async () => {
    await helmOn(controlPlane, ['install', 'ringmaster', chartFolder]);
    await until('runs are served', async () =>
      (await controlPlane.fetch('GET', '/apis/ringmaster.dev/v1alpha1/trainingruns')).code === 200
        ? true
        : undefined,
    );
    await kubectl(controlPlane, ['create', '-f', '-'], JSON.stringify(manifest('digits')));
    const uid = () =>
      kubectl(controlPlane, [
        'get',
        'trainingrun',
        'digits',
        '-n',
        'vision',
        '-o',
        'jsonpath={.metadata.uid}',
      ]);
    const before = await uid();
    expect(before).not.toBe('');

    await helmOn(controlPlane, ['upgrade', 'ringmaster', chartFolder, '--set=replicas=3']);
    await helmOn(controlPlane, ['rollback', 'ringmaster', '1']);
    await helmOn(controlPlane, ['uninstall', 'ringmaster']);
    const left = await kubectl(controlPlane, [
      'get',
      'deployments,networkpolicies,poddisruptionbudgets,roles',
      '-n',
      releaseNamespace,
      '-o',
      'name',
    ]);
    expect(left).toBe('');
    expect(await uid()).toBe(before);

    await helmOn(controlPlane, ['install', 'ringmaster', chartFolder]);
    expect(await uid()).toBe(before);
  });
});
