import { join } from 'node:path';
import { peerOperatorFolders } from '../../control-plane/programs.ts';
import { createNamespace } from '../../control-plane/real-cluster.ts';
import type { ControlPlane } from '../../control-plane/start.ts';
import { hasCondition, podTemplate, type Contestant } from './contestant.ts';
import { startOperator } from './operator-program.ts';

const name = 'training-operator';
const user = 'training-operator';
const apiVersion = 'kubeflow.org/v1';
/** Threads of its controller, which are 1 by default. */
const threads = 16;
/** Where it keeps the certificate of its webhooks, by default. */
const certificate = { namespace: 'kubeflow', secret: 'training-operator-webhook-cert' };

/** Kubeflow's training-operator with raised limits of its client, for PyTorchJobs; its webhooks are not installed. */
export async function trainingOperator(): Promise<Contestant> {
  const { trainingOperator: folder } = await peerOperatorFolders();
  const replica = { replicas: 1, restartPolicy: 'OnFailure', template: podTemplate('pytorch') };
  return {
    name,
    user,
    crdFiles: [join(folder, 'crds', 'kubeflow.org_pytorchjobs.yaml')],
    users: [{ name: user, groups: ['system:masters'] }],
    type: { apiVersion, kind: 'PyTorchJob', plural: 'pytorchjobs' },
    runLabel: 'training.kubeflow.org/job-name',
    // It replaces the failed pod alone; its peers hang or fail by themselves.
    podsPerRestart: 1,
    async start(controlPlane, worldFolder) {
      await createSecret(controlPlane);
      return startOperator(controlPlane, join(worldFolder, name), {
        ...{ name, user, program: join(folder, name) },
        flags: (webhookPort, probePort) => [
          '--enable-scheme=pytorchjob',
          `--controller-threads=${threads}`,
          '--metrics-bind-address=0',
          `--health-probe-bind-address=127.0.0.1:${probePort}`,
          `--webhook-server-port=${webhookPort}`,
        ],
      });
    },
    run: (namespace, runName) => ({
      apiVersion,
      kind: 'PyTorchJob',
      metadata: { namespace, name: runName },
      spec: { pytorchReplicaSpecs: { Master: replica, Worker: replica } },
    }),
    isRunning: (run) => hasCondition(run, 'Running'),
    hasSucceeded: (run) => hasCondition(run, 'Succeeded'),
  };
}

/** It fills the secret in itself, but does not make it. */
async function createSecret(controlPlane: ControlPlane): Promise<void> {
  const { namespace, secret } = certificate;
  await createNamespace(controlPlane, namespace);
  const path = `/api/v1/namespaces/${namespace}/secrets`;
  const { code, body } = await controlPlane.fetch('POST', path, { metadata: { name: secret } });
  if (code !== 201) throw new Error(`the secret of ${name} was refused: ${JSON.stringify(body)}`);
}
