import { join } from 'node:path';
import { apiVersion, labels, trainingRunKind } from '../../../operator/api/v1alpha1/group.ts';
import { shippedCrdFiles } from '../../control-plane/install-crd.ts';
import { installRights, operatorUser } from '../../operator/install.ts';
import { startManager } from '../../operator/manager.ts';
import { shippedOperator } from '../../operator/shipped-operator.ts';
import { clientLimits, gpusPerPod, podsPerRun, restartBudget, type Contestant } from './contestant.ts';

/** This operator, bundled and started as its image does, with the rights that its chart ships. */
export const ours: Contestant = {
  name: 'ringmaster',
  crdFiles: shippedCrdFiles,
  user: operatorUser,
  type: { apiVersion, kind: trainingRunKind, plural: 'trainingruns' },
  runLabel: labels.run,
  podsPerRestart: podsPerRun,
  async start(controlPlane, folder) {
    const kubeconfig = await installRights(controlPlane);
    const flags = [`--api-rate=${clientLimits.requestsPerSecond}`, `--api-burst=${clientLimits.burst}`];
    const shipped = await shippedOperator(join(folder, 'image'));
    const manager = await startManager({ name: 'operator', kubeconfig, folder, flags, ...shipped });
    await manager.says('the controllers have seen everything and begin');
    return manager.child;
  },
  run: (namespace, name) => ({
    apiVersion,
    kind: trainingRunKind,
    metadata: { namespace, name },
    spec: {
      data: { format: 'fashion-mnist', train: '/data' },
      checkpoints: { uri: '/checkpoints' },
      trainers: { pods: podsPerRun, gpusPerPod },
      failurePolicy: { maxRestarts: restartBudget, backoff: { initial: '0s', max: '0s' } },
    },
  }),
  isRunning: ({ status }, restarts) => status?.phase === 'Running' && status.attempt === restarts + 1,
  hasSucceeded: ({ status }) => status?.phase === 'Succeeded',
};
