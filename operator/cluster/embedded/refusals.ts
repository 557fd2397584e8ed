import { ClusterError, type InvalidField } from '../cluster-error.ts';
import { qualifiedName } from './wire-object.ts';

/** What the messages need to know of a resource. */
interface Named {
  readonly apiVersion: string;
  readonly kind: string;
  readonly plural: string;
}

/** The refusals of a Kubernetes API server, in its own words (k8s.io/apimachinery/pkg/api/errors). */
export const refusals = {
  notFound: (type: Named, name: string) =>
    new ClusterError('NotFound', `${qualifiedName(type)} "${name}" not found`),

  noSuchResource: (type: Named) =>
    new ClusterError('NotFound', `the server could not find the requested resource ${qualifiedName(type)}`),

  alreadyExists: (type: Named, name: string) =>
    new ClusterError('AlreadyExists', `${qualifiedName(type)} "${name}" already exists`),

  conflict: (type: Named, name: string, why: string) =>
    new ClusterError('Conflict', `Operation cannot be fulfilled on ${qualifiedName(type)} "${name}": ${why}`),

  badRequest: (message: string) => new ClusterError('BadRequest', message),

  invalid: (type: Pick<Named, 'apiVersion' | 'kind'>, name: string, fields: readonly InvalidField[]) => {
    const group = qualifiedName({ apiVersion: type.apiVersion, plural: type.kind });
    const list = fields.map(({ path, message }) => `${path}: ${message}`);
    const details = list.length === 1 ? (list[0] ?? '') : `[${list.join(', ')}]`;
    return new ClusterError('Invalid', `${group} "${name}" is invalid: ${details}`, { fields });
  },
};
