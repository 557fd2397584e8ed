import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { shippedCrdFiles } from '../control-plane/install-crd.ts';
import { startControlPlane, type ControlPlane } from '../control-plane/start.ts';
import { until } from '../control-plane/until.ts';
import { createAuditLog, type AuditLog } from '../operator/audit-log.ts';
import { kubectl, operatorUser, writeOperatorKubeconfig } from '../operator/install.ts';
import { startManager, type ManagerProcess } from '../operator/manager.ts';
import { createRestrictedNamespaces, releaseNamespace } from './cluster.ts';
import { render, renderText } from './helm.ts';
import { valueFiles } from './value-files.ts';

/* An operator installed by somebody who may make nothing of the whole cluster, with a Role in one namespace. */

let controlPlane: ControlPlane;
let audit: AuditLog;
let manager: ManagerProcess;
const closing = new AsyncDisposableStack();

beforeAll(async () => {
  const folder = await mkdtemp(join(tmpdir(), 'ringmaster-one-namespace-'));
  closing.defer(() => rm(folder, { recursive: true, force: true }));
  audit = await createAuditLog(folder);
  controlPlane = await startControlPlane({
    components: ['controller-manager'],
    crdFiles: shippedCrdFiles,
    apiServerFlags: audit.apiServerFlags,
  });
  closing.defer(() => controlPlane.close());
  await createRestrictedNamespaces(controlPlane, [releaseNamespace, 'vision', 'elsewhere']);
  const values = `--values=${valueFiles.find(({ name }) => name === 'one-namespace')?.file ?? ''}`;
  const templates = ['service-account', 'rights'].map((name) => `--show-only=templates/${name}.yaml`);
  await kubectl(controlPlane, ['apply', '-f', '-'], await renderText([values, ...templates]));
  const [deployment] = (await render([values])).filter(({ kind }) => kind === 'Deployment');
  manager = await startManager({
    name: 'operator-1',
    kubeconfig: await writeOperatorKubeconfig(controlPlane),
    folder,
    flags: argumentsOf(deployment).filter((flag) => /^--(namespace|lease|no-queueing)/.test(flag)),
  });
  closing.defer(() => manager.child.kill());
  await manager.says('the controllers have seen everything and begin');
});

afterAll(() => closing.disposeAsync());

/** The arguments of the operator's container. */
function argumentsOf(deployment: Readonly<Record<string, unknown>> | undefined): string[] {
  const { template } = deployment?.spec as { template: { spec: { containers: { args: string[] }[] } } };
  return template.spec.containers.flatMap(({ args }) => args);
}

const run = (namespace: string) => ({
  apiVersion: 'ringmaster.dev/v1alpha1',
  kind: 'TrainingRun',
  metadata: { name: 'digits', namespace },
  spec: {
    data: { format: 'fashion-mnist', train: '/data' },
    checkpoints: { uri: '/checkpoints' },
    trainers: { pods: 2, gpusPerPod: 1 },
  },
});

describe('an operator of one namespace', () => {
  it('acts on the runs there and on no others, and asks for nothing that it may not have', async () => {
    await kubectl(controlPlane, ['create', '-f', '-'], JSON.stringify(run('elsewhere')));
    await kubectl(controlPlane, ['create', '-f', '-'], JSON.stringify(run('vision')));
    const pods = (namespace: string) =>
      kubectl(controlPlane, ['get', 'pods', `--namespace=${namespace}`, '--output=name']);
    await until('the pods of the run are there', async () =>
      (await pods('vision')).trim() === 'pod/digits-1-0\npod/digits-1-1' ? true : undefined,
    );
    expect(await pods('elsewhere')).toBe('');

    const requests = (await audit.requests()).filter(({ user }) => user === operatorUser);
    expect(requests.length).toBeGreaterThan(5);
    // Whether there are queues that it may use it finds out by asking.
    const optional = ['kueue.x-k8s.io', 'scheduling.k8s.io'];
    const refused = requests.filter(({ code, group }) => code === 403 && !optional.includes(group));
    expect(refused).toEqual([]);
    expect([...new Set(requests.map(({ namespace }) => namespace))].sort()).toEqual([
      releaseNamespace,
      'vision',
    ]);
    expect((await manager.log()).filter(({ level }) => ['warn', 'error', 'fatal'].includes(level))).toEqual(
      [],
    );
  });
});
