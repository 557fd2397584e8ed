import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { peerOperatorFolders } from '../../control-plane/programs.ts';
import {
  clientLimits,
  hasCondition,
  podsPerRun,
  podTemplate,
  restartBudget,
  type Contestant,
} from './contestant.ts';
import { startOperator } from './operator-program.ts';

const name = 'jobset';
const user = 'jobset';
const apiVersion = 'jobset.x-k8s.io/v1alpha2';

/**
 * JobSet, whose pods the Job controller of kube-controller-manager makes. Its webhooks are not installed, so that what
 * they would fill in is written out here.
 */
export async function jobSet(): Promise<Contestant> {
  const { jobSet: folder } = await peerOperatorFolders();
  const replicatedJob = {
    name: 'ranks',
    replicas: 1,
    template: {
      spec: {
        parallelism: podsPerRun,
        completions: podsPerRun,
        completionMode: 'Indexed',
        backoffLimit: 0,
        template: podTemplate('trainer', { restartPolicy: 'Never' }),
      },
    },
  };
  return {
    name,
    user,
    crdFiles: [join(folder, 'crds', 'jobset.x-k8s.io_jobsets.yaml')],
    helpers: ['system:serviceaccount:kube-system:job-controller'],
    users: [{ name: user, groups: ['system:masters'] }],
    type: { apiVersion, kind: 'JobSet', plural: 'jobsets' },
    runLabel: 'jobset.sigs.k8s.io/jobset-name',
    podsPerRestart: podsPerRun,
    async start(controlPlane, worldFolder) {
      const settings = join(worldFolder, 'jobset-settings.json');
      return startOperator(controlPlane, join(worldFolder, name), {
        ...{ name, user, program: join(folder, name) },
        flags: async (webhookPort, probePort) => {
          const configuration = {
            apiVersion: 'config.jobset.x-k8s.io/v1alpha1',
            kind: 'Configuration',
            webhook: { host: '127.0.0.1', port: webhookPort },
            health: { healthProbeBindAddress: `127.0.0.1:${probePort}` },
            metrics: { bindAddress: '0' },
            leaderElection: { leaderElect: false },
            internalCertManagement: { enable: false },
            clientConnection: { qps: clientLimits.requestsPerSecond, burst: clientLimits.burst },
          };
          await writeFile(settings, JSON.stringify(configuration));
          return [`--config=${settings}`];
        },
      });
    },
    run: (namespace, runName) => ({
      apiVersion,
      kind: 'JobSet',
      metadata: { namespace, name: runName },
      spec: {
        replicatedJobs: [replicatedJob],
        successPolicy: { operator: 'All' },
        startupPolicy: { startupPolicyOrder: 'AnyOrder' },
        network: { enableDNSHostnames: true, publishNotReadyAddresses: true },
        failurePolicy: { maxRestarts: restartBudget },
      },
    }),
    isRunning: ({ status }, restarts) =>
      (status?.restarts ?? 0) === restarts && status?.replicatedJobsStatus?.[0]?.ready === 1,
    hasSucceeded: (run) => hasCondition(run, 'Completed'),
  };
}
