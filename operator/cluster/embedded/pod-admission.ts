import { isDeepStrictEqual } from 'node:util';
import { isObject } from '../../api/v1alpha1/wire-guards.ts';
import type { InvalidField } from '../cluster-error.ts';
import { resourceTypes } from '../cluster.ts';
import type { Admission } from './admission.ts';
import { refusals } from './refusals.ts';
import type { WireObject } from './wire-object.ts';

/** A pod's default grace period, as in the core API. */
const defaultGracePeriodSeconds = 30;

/** Pods: the checks that matter here, and the grace period that gives the node agent time to end their processes. */
export const podAdmission: Admission = {
  hasStatus: true,
  initialStatus: { phase: 'Pending' },

  admit(object, old) {
    const problems = old === undefined ? problemsOf(object) : changesOf(object, old);
    if (problems.length > 0) throw refusals.invalid(resourceTypes.pods, object.metadata.name, problems);
    if (old !== undefined) return object;
    const defaults = {
      restartPolicy: 'Always',
      terminationGracePeriodSeconds: defaultGracePeriodSeconds,
    };
    return { ...object, spec: { ...defaults, ...specOf(object) } };
  },

  gracePeriodSeconds(object, requestedSeconds) {
    const { nodeName, terminationGracePeriodSeconds } = specOf(object);
    const status = isObject(object.status) ? object.status : {};
    // Nothing runs before the pod has a node or after it has ended, so there is nothing to wait for
    // (k8s.io/kubernetes/pkg/registry/core/pod, CheckGracefulDelete).
    if (typeof nodeName !== 'string' || nodeName === '') return 0;
    if (status.phase === 'Succeeded' || status.phase === 'Failed') return 0;
    if (requestedSeconds !== undefined) return Math.max(0, requestedSeconds);
    return typeof terminationGracePeriodSeconds === 'number'
      ? Math.max(1, terminationGracePeriodSeconds)
      : defaultGracePeriodSeconds;
  },
};

function specOf(object: WireObject): Record<string, unknown> {
  return isObject(object.spec) ? object.spec : {};
}

function problemsOf(object: WireObject): InvalidField[] {
  const { containers } = specOf(object);
  if (!Array.isArray(containers) || containers.length === 0)
    return [{ path: 'spec.containers', message: 'Required value' }];
  return containers.flatMap((container: unknown, index) =>
    (['name', 'image'] as const).flatMap((field) =>
      isObject(container) && typeof container[field] === 'string' && container[field] !== ''
        ? []
        : [{ path: `spec.containers[${index}].${field}`, message: 'Required value' }],
    ),
  );
}

/** A pod's spec is fixed, but for the node that a scheduler gives it once. */
function changesOf(object: WireObject, old: WireObject): InvalidField[] {
  const { nodeName: node, ...spec } = specOf(object);
  const { nodeName: oldNode, ...oldSpec } = specOf(old);
  if (oldNode !== undefined && node !== oldNode)
    return [
      { path: 'spec.nodeName', message: `Forbidden: the pod is already on node ${JSON.stringify(oldNode)}` },
    ];
  return isDeepStrictEqual(spec, oldSpec)
    ? []
    : [{ path: 'spec', message: 'Forbidden: pod updates may not change fields other than nodeName' }];
}
