import { randomInt } from 'node:crypto';
import { isObject } from '../../api/v1alpha1/wire-guards.ts';
import type { ObjectMeta } from '../../api/wire.ts';
import type { InvalidField } from '../cluster-error.ts';

/** Names of most kinds: a DNS subdomain (RFC 1123), as each may become part of a host name or a path. */
const subdomain = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;
const namespacePattern = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/;
const labelValue = /^([A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?)?$/;

const maxNameLength = 253;
const maxNamespaceLength = 63;
const maxLabelValueLength = 63;

/** Letters of generated names: no vowels and no look-alikes, as in k8s.io/apimachinery/pkg/util/rand. */
const suffixLetters = 'bcdfghjklmnpqrstvwxz2456789';
const suffixLength = 5;
const maxGeneratedNameLength = 63;

/** A name that begins with `prefix` and is most likely not taken. */
export function generateName(prefix: string): string {
  const suffix = Array.from({ length: suffixLength }, () => suffixLetters[randomInt(suffixLetters.length)]);
  return prefix.slice(0, maxGeneratedNameLength - suffixLength) + suffix.join('');
}

/** What is wrong with the metadata that a client wrote. */
export function metadataProblems(metadata: ObjectMeta): InvalidField[] {
  const { name, namespace = '' } = metadata;
  const problems: InvalidField[] = [];
  if (name.length > maxNameLength || !subdomain.test(name)) {
    problems.push({
      path: 'metadata.name',
      message: `Invalid value: "${name}": must be at most ${maxNameLength} lower-case letters, digits, - and ., and begin and end with a letter or digit`,
    });
  }
  if (namespace.length > maxNamespaceLength || !namespacePattern.test(namespace)) {
    problems.push({
      path: 'metadata.namespace',
      message: `Invalid value: "${namespace}": must be at most ${maxNamespaceLength} lower-case letters, digits and -`,
    });
  }
  for (const [label, value] of textsIn('labels', metadata, problems)) {
    if (value.length > maxLabelValueLength || !labelValue.test(value)) {
      problems.push({
        path: 'metadata.labels',
        message: `Invalid value: "${value}": the value of ${label} must be at most ${maxLabelValueLength} letters, digits, -, _ and ., and begin and end with a letter or digit`,
      });
    }
  }
  textsIn('annotations', metadata, problems);
  (metadata.ownerReferences ?? []).forEach((owner, index) => {
    for (const field of ['apiVersion', 'kind', 'name', 'uid'] as const) {
      if (!owner[field])
        problems.push({
          path: `metadata.ownerReferences[${index}].${field}`,
          message: 'Required value: must not be empty',
        });
    }
  });
  return problems;
}

/** The entries of a map of texts; a map that holds anything else is a problem. */
function textsIn(
  field: 'labels' | 'annotations',
  metadata: ObjectMeta,
  problems: InvalidField[],
): [string, string][] {
  const map: unknown = metadata[field] ?? {};
  const isTexts = isObject(map) && Object.values(map).every((value) => typeof value === 'string');
  if (isTexts) return Object.entries(metadata[field] ?? {});
  problems.push({ path: `metadata.${field}`, message: 'Invalid value: must be a map of strings' });
  return [];
}

/** The fields of metadata that the server alone writes; what a client says there is ignored. */
export function serverFields(metadata: ObjectMeta): Partial<ObjectMeta> {
  const {
    uid,
    resourceVersion,
    generation,
    creationTimestamp,
    deletionTimestamp,
    deletionGracePeriodSeconds,
  } = metadata;
  return {
    ...(uid === undefined ? {} : { uid }),
    ...(resourceVersion === undefined ? {} : { resourceVersion }),
    ...(generation === undefined ? {} : { generation }),
    ...(creationTimestamp === undefined ? {} : { creationTimestamp }),
    ...(deletionTimestamp === undefined ? {} : { deletionTimestamp }),
    ...(deletionGracePeriodSeconds === undefined ? {} : { deletionGracePeriodSeconds }),
  };
}

/** What a client may write of metadata. */
export function clientFields(metadata: ObjectMeta): ObjectMeta {
  const {
    name,
    namespace,
    generateName: prefix,
    labels,
    annotations,
    ownerReferences,
    finalizers,
  } = metadata;
  return {
    name,
    ...(namespace === undefined ? {} : { namespace }),
    ...(prefix === undefined ? {} : { generateName: prefix }),
    ...(labels === undefined ? {} : { labels }),
    ...(annotations === undefined ? {} : { annotations }),
    ...(ownerReferences === undefined ? {} : { ownerReferences }),
    ...(finalizers === undefined ? {} : { finalizers }),
  };
}

/** An object that is being deleted may lose finalizers but get no new ones. */
export function addedFinalizers(next: ObjectMeta, current: ObjectMeta): InvalidField[] {
  if (current.deletionTimestamp === undefined) return [];
  const existing = current.finalizers ?? [];
  const added = (next.finalizers ?? []).filter((finalizer) => !existing.includes(finalizer));
  if (added.length === 0) return [];
  return [
    {
      path: 'metadata.finalizers',
      message: `Forbidden: no new finalizers can be added if the object is being deleted, found new finalizers ${JSON.stringify(added)}`,
    },
  ];
}
