import { supervisorPort } from '../api/trainer/environment.ts';
import { labels } from '../api/v1alpha1/group.ts';
import type { TrainingRun } from '../api/v1alpha1/training-run.ts';
import type { Service } from '../api/wire.ts';
import { ownerReference, runLabels } from './pods.ts';

/**
 * The headless Service that gives every pod a DNS name, `<pod>.<run>.<namespace>.svc`. Names of pods that are not ready
 * are published too: ranks find each other before any of them is.
 */
export function serviceOf(run: TrainingRun): Service {
  const { name, namespace, uid = '' } = run.metadata;
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: {
      name,
      ...(namespace === undefined ? {} : { namespace }),
      labels: runLabels(run),
      ownerReferences: [ownerReference(run)],
    },
    spec: {
      clusterIP: 'None',
      publishNotReadyAddresses: true,
      selector: { [labels.runUid]: uid },
      ports: [{ name: 'supervisor', port: supervisorPort, targetPort: 'supervisor', protocol: 'TCP' }],
    },
  };
}
