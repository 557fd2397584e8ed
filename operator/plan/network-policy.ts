import { supervisorPort } from '../api/trainer/environment.ts';
import { labels } from '../api/v1alpha1/group.ts';
import type { TrainingRun } from '../api/v1alpha1/training-run.ts';
import type { NetworkPolicy, NetworkPolicyPeer } from '../api/wire.ts';
import { ownerReference, runLabels } from './pods.ts';

/** Who besides the run's own pods may reach its supervisors. */
export interface Isolation {
  /** Namespace of the operator, which reads the progress. */
  readonly operatorNamespace: string;
  /** Namespace of Prometheus. Default: any. */
  readonly prometheusNamespace?: string;
}

const nameLabel = 'app.kubernetes.io/name';
/** A label that every namespace has, by Kubernetes' own doing. */
const namespaceLabel = 'kubernetes.io/metadata.name';

/**
 * The fence around a run. Ranks reach each other; the operator and Prometheus reach the supervisor's port; nothing else
 * reaches any port, because TensorFlow's collectives have no authentication and run any graph for anyone. What the pods
 * themselves reach, such as storage and DNS, is not limited.
 */
export function networkPolicyOf(run: TrainingRun, isolation: Isolation): NetworkPolicy {
  const { name, namespace, uid = '' } = run.metadata;
  const ownPods = { matchLabels: { [labels.runUid]: uid } };
  return {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: {
      name,
      ...(namespace === undefined ? {} : { namespace }),
      labels: runLabels(run),
      ownerReferences: [ownerReference(run)],
    },
    spec: {
      podSelector: ownPods,
      policyTypes: ['Ingress'],
      ingress: [
        { from: [{ podSelector: ownPods }] },
        {
          from: [
            podsNamed('ringmaster', isolation.operatorNamespace),
            podsNamed('prometheus', isolation.prometheusNamespace),
          ],
          ports: [{ protocol: 'TCP', port: supervisorPort }],
        },
      ],
    },
  };
}

/** Pods by their recommended name label, in one namespace or in any. */
function podsNamed(name: string, namespace: string | undefined): NetworkPolicyPeer {
  return {
    namespaceSelector: namespace === undefined ? {} : { matchLabels: { [namespaceLabel]: namespace } },
    podSelector: { matchLabels: { [nameLabel]: name } },
  };
}
