import { isObject } from '../../api/v1alpha1/wire-guards.ts';
import { generateName } from './metadata.ts';
import { refusals } from './refusals.ts';
import { isWireObject, typed, type AnyType, type NamespacedObject } from './wire-object.ts';

const defaultNamespace = 'default';

/** A new object with its name and namespace, if it is one of this type. */
export function newObject(type: AnyType, value: unknown): NamespacedObject {
  const metadata = isObject(value) && isObject(value.metadata) ? value.metadata : {};
  if (typeof metadata.resourceVersion === 'string')
    throw refusals.badRequest('resourceVersion should not be set on objects to be created');
  const { name, generateName: prefix } = metadata;
  const namespace = metadata.namespace ?? defaultNamespace;
  const generated = typeof prefix === 'string' && prefix !== '' ? generateName(prefix) : undefined;
  const named = {
    ...(isObject(value) ? value : {}),
    metadata: {
      ...metadata,
      name: typeof name === 'string' && name !== '' ? name : generated,
      namespace,
    },
  };
  if (named.metadata.name === undefined) {
    throw refusals.invalid(type, '', [
      { path: 'metadata.name', message: 'Required value: name or generateName is required' },
    ]);
  }
  if (!isWireObject(named) || typeof namespace !== 'string')
    throw refusals.badRequest('an object needs apiVersion, kind and metadata');
  typed(type, named);
  return { ...named, metadata: { ...named.metadata, namespace } };
}
