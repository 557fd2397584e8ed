import { group } from '../../api/v1alpha1/group.ts';
import { describeError } from '../../base/errors.ts';
import { ClusterError } from '../../cluster/cluster-error.ts';
import { CommandError } from '../command-error.ts';
import { commandExitCodes } from '../exit-codes.ts';
import type { ClusterPlace } from './place.ts';

/** How kube-apiserver words what RBAC did not allow (k8s.io/apiserver, responsewriters.Forbidden). */
const forbidden =
  /User "(?<user>[^"]*)" cannot (?<verb>\S+) resource "(?<resource>[^"]*)" in API group "(?<group>[^"]*)"(?: in the namespace "(?<namespace>[^"]*)")?/;

/** What a person can do about an error of the cluster. Anything else is given back as it is. */
export function explainRefusal(error: unknown, place: Pick<ClusterPlace, 'kubeConfig'>): unknown {
  if (!(error instanceof ClusterError)) return error;
  const contextName = place.kubeConfig.getCurrentContext();
  const server = place.kubeConfig.getCurrentCluster()?.server ?? 'the API server';
  switch (error.reason) {
    case 'Forbidden':
      return refused(explainForbidden(error.message), commandExitCodes.denied);
    case 'Unauthorized':
      return refused(
        `${server} does not know you: the credentials of context ${contextName} are wrong or have expired; log in again, or pass --context with another`,
        commandExitCodes.denied,
      );
    case 'Unavailable':
      return refused(
        `the cluster of context ${contextName} is away (${server}): ${describeError(error)}; check that it is up and that you can reach it, or pass --context with another`,
        commandExitCodes.unavailable,
      );
    case 'TooManyRequests':
      return refused(`${server} is overloaded and asks to come back later`, commandExitCodes.unavailable);
    case 'NotFound':
      return isUnknownResource(error)
        ? refused(
            `the cluster of context ${contextName} knows no TrainingRuns; install the operator first: helm install ringmaster charts/ringmaster --namespace ringmaster-system --create-namespace`,
            commandExitCodes.unavailable,
          )
        : refused(error.message, commandExitCodes.failed);
    case 'AlreadyExists':
    case 'Conflict':
      return refused(error.message, commandExitCodes.failed);
    case 'Invalid':
    case 'BadRequest':
      return refused(`the API server refused: ${error.message}`, commandExitCodes.usage);
  }
}

/** Names the verb that is missing, and how to get or check it. */
function explainForbidden(message: string): string {
  const { user, verb, resource, group: apiGroup, namespace } = forbidden.exec(message)?.groups ?? {};
  if (verb === undefined || resource === undefined) return `access denied: ${message}`;
  const target = apiGroup === undefined || apiGroup === '' ? resource : `${resource}.${apiGroup}`;
  const where = namespace === undefined ? 'all namespaces' : `namespace ${namespace}`;
  const check = namespace === undefined ? '--all-namespaces' : `--namespace ${namespace}`;
  return `access denied: ${user ?? 'you'} may not ${verb} ${target} in ${where}; ask for a role with the verb "${verb}" on "${target}" (to check: kubectl auth can-i ${verb} ${target.replace(/^([^./]+)\/([^.]+)(.*)$/, '$1$3 --subresource=$2')} ${check})`;
}

/** A path that the server does not serve gets a bare 404; an object that is not there is named in the answer. */
function isUnknownResource({ message }: ClusterError): boolean {
  return !message.includes(`.${group} "`) && /404|could not find the requested resource/.test(message);
}

/** Without the error as its cause: the message says all of it, and would be followed by it again. */
function refused(message: string, exitCode: number): CommandError {
  return new CommandError(message, { exitCode });
}
