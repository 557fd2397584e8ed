import { labels as ownLabels } from '../api/v1alpha1/group.ts';
import type { PodSetAssignment, ResourceFlavor, Workload } from '../api/kueue.ts';
import type { TrainingRun } from '../api/v1alpha1/training-run.ts';
import { isDeepStrictEqual } from 'node:util';

/** What a queue adds to every pod of a gang. */
export interface Placement {
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly nodeSelector: Readonly<Record<string, string>>;
  readonly tolerations: readonly Readonly<Record<string, unknown>>[];
  readonly schedulingGates: readonly string[];
}

const podSetLabel = 'kueue.x-k8s.io/podset';
const workloadAnnotation = 'kueue.x-k8s.io/workload';
const unconstrainedTopologyAnnotation = 'kueue.x-k8s.io/podset-unconstrained-topology';
/** Kueue takes it away when it has chosen the pod's node. */
const topologyGate = 'kueue.x-k8s.io/topology';

/**
 * What the flavours of an admission, and the checks that it passed, ask of the pods, as Kueue's own integrations read
 * them: https://github.com/kubernetes-sigs/kueue/blob/v0.19.0/pkg/podset/podset.go
 * @returns `conflict` when two of them, or one of them and the spec, want different values of the same key
 */
export function placementOf(
  run: TrainingRun,
  workload: Workload,
  assignment: PodSetAssignment,
  flavors: readonly ResourceFlavor[],
): { placement: Placement } | { missingFlavor: string } | { conflict: string } {
  const isTopologyChosen = assignment.topologyAssignment !== undefined;
  const nodeSelector = new Map(Object.entries(run.spec.trainers.nodeSelector ?? {}));
  const labels = new Map([[podSetLabel, assignment.name]]);
  const annotations = new Map([
    [workloadAnnotation, workload.metadata.name],
    ...(isTopologyChosen ? [[unconstrainedTopologyAnnotation, 'true'] as const] : []),
  ]);
  const tolerations: Readonly<Record<string, unknown>>[] = [];
  const conflicts: string[] = [];

  for (const name of new Set(Object.values(assignment.flavors ?? {}))) {
    const flavor = flavors.find(({ metadata }) => metadata.name === name);
    if (flavor === undefined) return { missingFlavor: name };
    merge(nodeSelector, flavor.spec?.nodeLabels, `ResourceFlavor ${name}`, 'nodeSelector');
    tolerate(flavor.spec?.tolerations);
  }
  for (const check of workload.status?.admissionChecks ?? []) {
    const update = check.podSetUpdates?.find(({ name }) => name === assignment.name);
    const source = `admission check ${check.name}`;
    merge(nodeSelector, update?.nodeSelector, source, 'nodeSelector');
    merge(labels, update?.labels, source, 'labels');
    merge(annotations, update?.annotations, source, 'annotations');
    tolerate(update?.tolerations);
  }
  if (conflicts.length > 0) return { conflict: conflicts.join(' ') };
  return {
    placement: {
      labels: Object.fromEntries(labels),
      annotations: Object.fromEntries(annotations),
      nodeSelector: Object.fromEntries(nodeSelector),
      tolerations,
      schedulingGates: isTopologyChosen ? [topologyGate] : [],
    },
  };

  function merge(
    into: Map<string, string>,
    wanted: Readonly<Record<string, string>> | undefined,
    source: string,
    field: 'nodeSelector' | 'labels' | 'annotations',
  ): void {
    for (const [key, value] of Object.entries(wanted ?? {})) {
      const present = into.get(key);
      if (field !== 'nodeSelector' && isOurs(key)) {
        conflicts.push(`${source} sets ${field} ${key}, which is the operator's.`);
      } else if (present !== undefined && present !== value) {
        conflicts.push(
          `${source} wants ${field} ${key}=${value}, but it is ${present} already; change one of them.`,
        );
      } else into.set(key, value);
    }
  }

  function tolerate(wanted: readonly Readonly<Record<string, unknown>>[] = []): void {
    tolerations.push(...wanted.filter((one) => !tolerations.some((other) => isDeepStrictEqual(one, other))));
  }
}

/** Keys by which the operator tells pods apart; whoever could set them could make pods look like those of others. */
function isOurs(key: string): boolean {
  return key.startsWith('ringmaster.dev/') || key === ownLabels.managedBy || key === ownLabels.component;
}
