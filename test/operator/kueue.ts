import { copyFile, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { loadAll } from 'js-yaml';
import { kueueApiVersion, kueueGroup } from '../../operator/api/kueue.ts';
import { isObject } from '../../operator/api/v1alpha1/wire-guards.ts';
import type { KubernetesObject } from '../../operator/api/wire.ts';
import { startChild, type Child } from '../control-plane/child.ts';
import { freePorts } from '../control-plane/free-ports.ts';
import { kueueProgram } from '../control-plane/programs.ts';
import type { ControlPlane } from '../control-plane/start.ts';
import { until } from '../control-plane/until.ts';

const namespace = 'kueue-system';
const secretName = 'kueue-webhook-server-cert';

/** The CRDs of Kueue, as it ships them. */
export async function kueueCrdFiles(): Promise<string[]> {
  const { crds } = await kueueProgram();
  return (await readdir(crds)).map((name) => join(crds, name));
}

/**
 * Starts Kueue itself on a control plane that has its CRDs, with its webhooks for what queues are made of, set up as its
 * documentation says for a kind of object that it does not know:
 * https://kueue.sigs.k8s.io/docs/tasks/dev/integrate_a_custom_job
 * A gang that was ready and is not any more has 2 s to recover.
 */
export async function startKueue(controlPlane: ControlPlane): Promise<Child> {
  const { program } = await kueueProgram();
  const [webhookPort = 0, healthPort = 0] = await freePorts(2);
  const folder = join(controlPlane.folder, 'kueue');
  await mkdir(folder);
  // The API server asks nobody whose certificate it is; its own is for 127.0.0.1.
  const certificate = join(controlPlane.folder, 'apiserver.crt');
  await copyFile(certificate, join(folder, 'tls.crt'));
  await copyFile(join(controlPlane.folder, 'apiserver.key'), join(folder, 'tls.key'));
  await prepareCertificates(controlPlane, webhookPort);
  const config = join(folder, 'config.json');
  await writeFile(
    config,
    JSON.stringify({
      apiVersion: 'config.kueue.x-k8s.io/v1beta2',
      kind: 'Configuration',
      namespace,
      health: { healthProbeBindAddress: `127.0.0.1:${String(healthPort)}` },
      metrics: { bindAddress: '0' },
      webhook: { host: '127.0.0.1', port: webhookPort, certDir: folder },
      leaderElection: { leaderElect: false },
      // Without it, it would look for the certificate of its metrics in /etc.
      internalCertManagement: {
        enable: true,
        webhookServiceName: 'kueue-webhook-service',
        webhookSecretName: secretName,
      },
      waitForPodsReady: {
        timeout: '10m',
        recoveryTimeout: '2s',
        blockAdmission: false,
        requeuingStrategy: { backoffBaseSeconds: 1 },
      },
      integrations: {
        frameworks: ['batch/job'],
        externalFrameworks: ['TrainingRun.v1alpha1.ringmaster.dev'],
      },
    }),
  );
  const child = await startChild(
    'kueue',
    program,
    [
      `--config=${config}`,
      `--kubeconfig=${await controlPlane.kubeconfigFile()}`,
      // The first opens a port of its own; the second makes it look at what annotations say of the cost of an eviction.
      '--feature-gates=VisibilityOnDemand=false,PriorityBoost=true',
    ],
    join(controlPlane.folder, 'kueue.log'),
  );
  await until(
    'Kueue is ready',
    async () => {
      const end = await child.ended();
      if (end !== undefined) throw new Error(end);
      return fetch(`http://127.0.0.1:${String(healthPort)}/readyz`).then(
        ({ ok }) => (ok ? true : undefined),
        () => undefined,
      );
    },
    { timeoutMs: 60_000 },
  );
  await installWebhooks(controlPlane, webhookPort, await readFile(certificate, 'base64'));
  return child;
}

/** Those whose old versions the release converts by a webhook, into which Kueue writes its authority. */
const convertedKinds = ['localqueues', 'clusterqueues', 'workloads', 'cohorts', 'multikueueclusters'];

/** What Kueue wants to find to keep certificates in; nothing here asks for an old version, so none is used. */
async function prepareCertificates(controlPlane: ControlPlane, port: number): Promise<void> {
  await controlPlane.fetch('POST', '/api/v1/namespaces', { metadata: { name: namespace } });
  await controlPlane.fetch('POST', `/api/v1/namespaces/${namespace}/secrets`, {
    metadata: { name: secretName },
  });
  const webhook = {
    clientConfig: { url: `https://127.0.0.1:${String(port)}/convert` },
    conversionReviewVersions: ['v1'],
  };
  for (const plural of convertedKinds) {
    const path = `/apis/apiextensions.k8s.io/v1/customresourcedefinitions/${plural}.${kueueGroup}`;
    const { body } = await controlPlane.fetch('GET', path);
    if (!isObject(body) || !isObject(body.spec)) throw new Error(`there is no CRD of ${plural}`);
    const spec = { ...body.spec, conversion: { strategy: 'Webhook', webhook } };
    const { code, body: answer } = await controlPlane.fetch('PUT', path, { ...body, spec });
    if (code !== 200) throw new Error(`the CRD of ${plural} was refused: ${JSON.stringify(answer)}`);
  }
}

/** Kueue's release makes these from comments in its sources; its module does not carry the result. */
async function installWebhooks(controlPlane: ControlPlane, port: number, caBundle: string): Promise<void> {
  const webhook = (verb: 'mutate' | 'validate', kind: string, plural: string) => ({
    name: `${verb[0] ?? ''}${kind}.kb.io`,
    clientConfig: {
      url: `https://127.0.0.1:${String(port)}/${verb}-kueue-x-k8s-io-v1beta2-${kind}`,
      caBundle,
    },
    rules: [
      {
        apiGroups: [kueueGroup],
        apiVersions: ['v1beta2'],
        operations: verb === 'mutate' ? ['CREATE'] : ['CREATE', 'UPDATE'],
        resources: verb === 'mutate' ? [plural] : [plural, `${plural}/status`],
      },
    ],
    sideEffects: 'None',
    admissionReviewVersions: ['v1'],
    failurePolicy: 'Fail',
  });
  for (const [verb, kind] of [
    ['mutate', 'MutatingWebhookConfiguration'],
    ['validate', 'ValidatingWebhookConfiguration'],
  ] as const) {
    await post(controlPlane, `admissionregistration.k8s.io/v1/${kind.toLowerCase()}s`, {
      apiVersion: 'admissionregistration.k8s.io/v1',
      kind,
      metadata: { name: 'kueue' },
      webhooks: [
        webhook(verb, 'workload', 'workloads'),
        webhook(verb, 'clusterqueue', 'clusterqueues'),
        webhook(verb, 'resourceflavor', 'resourceflavors'),
      ],
    });
  }
}

/** What the sample sets up, with so many GPUs, but for the way into the queue from its namespace. */
export async function createQueues(controlPlane: ControlPlane, gpus: number): Promise<void> {
  for (const object of await sampleQueues()) {
    if (object.kind === 'LocalQueue') continue;
    const text = JSON.stringify(object).replace(
      /"nominalQuota":"[0-9]+"/,
      `"nominalQuota":"${String(gpus)}"`,
    );
    await post(controlPlane, `${kueueApiVersion}/${pluralOf(object.kind)}`, JSON.parse(text));
  }
}

/** A way into the sample's queue from a namespace. */
export async function createLocalQueue(controlPlane: ControlPlane, place: string): Promise<void> {
  const queue = (await sampleQueues()).find(({ kind }) => kind === 'LocalQueue');
  if (queue === undefined) throw new Error('the sample has no LocalQueue');
  const { name } = queue.metadata;
  await post(controlPlane, `${kueueApiVersion}/namespaces/${place}/localqueues`, {
    ...queue,
    metadata: { name, namespace: place },
  });
}

async function sampleQueues(): Promise<KubernetesObject[]> {
  const file = new URL('../../crds/samples/queueing/queues.yaml', import.meta.url);
  return loadAll(await readFile(file, 'utf8')) as KubernetesObject[];
}

function pluralOf(kind: string): string {
  return `${kind.toLowerCase()}${kind.endsWith('s') ? 'es' : 's'}`;
}

async function post(controlPlane: ControlPlane, path: string, object: unknown): Promise<void> {
  const { code, body } = await controlPlane.fetch('POST', `/apis/${path}`, object);
  if (code !== 201) throw new Error(`${path} was refused: ${JSON.stringify(body)}`);
}
