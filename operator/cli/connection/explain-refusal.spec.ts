import { KubeConfig } from '@kubernetes/client-node';
import { describe, expect, it } from 'vitest';
import { ClusterError, type ClusterErrorReason } from '../../cluster/cluster-error.ts';
import { CommandError } from '../command-error.ts';
import { explainRefusal } from './explain-refusal.ts';

const kubeConfig = new KubeConfig();
kubeConfig.loadFromOptions({
  clusters: [{ name: 'c', server: 'https://example.invalid:6443' }],
  contexts: [{ name: 'prod', cluster: 'c', user: 'u' }],
  users: [{ name: 'u' }],
  currentContext: 'prod',
});

function explain(reason: ClusterErrorReason, message: string): CommandError {
  const error = explainRefusal(new ClusterError(reason, message), { kubeConfig });
  if (!(error instanceof CommandError)) throw new TypeError('not explained');
  return error;
}

describe('what a refusal of the cluster means to a person', () => {
  it('names the verb, the resource, and how to check', () => {
    const denied = explain(
      'Forbidden',
      'pods "digits-1-0" is forbidden: User "jane" cannot get resource "pods/log" in API group "" in the namespace "vision"',
    );
    expect(denied.exitCode).toBe(77);
    expect(denied.message).toBe(
      'access denied: jane may not get pods/log in namespace vision; ask for a role with the verb "get" on "pods/log" (to check: kubectl auth can-i get pods --subresource=log --namespace vision)',
    );
    const everywhere = explain(
      'Forbidden',
      'trainingruns.ringmaster.dev is forbidden: User "jane" cannot list resource "trainingruns" in API group "ringmaster.dev" at the cluster scope',
    );
    expect(everywhere.message).toContain('may not list trainingruns.ringmaster.dev in all namespaces');
    expect(everywhere.message).toContain('--all-namespaces');
  });

  it('tells a missing operator from a missing object', () => {
    const missing = explain('NotFound', 'the server answered 404: 404 page not found');
    expect(missing.message).toContain('install the operator first: helm install');
    expect(missing.exitCode).toBe(69);
    const object = explain('NotFound', 'trainingruns.ringmaster.dev "digits" not found');
    expect(object.message).toBe('trainingruns.ringmaster.dev "digits" not found');
    expect(object.exitCode).toBe(1);
  });

  it('says which cluster is away, and leaves other errors alone', () => {
    expect(explain('Unavailable', 'connect ECONNREFUSED').message).toContain(
      'the cluster of context prod is away (https://example.invalid:6443): connect ECONNREFUSED',
    );
    const other = new TypeError('a fault');
    expect(explainRefusal(other, { kubeConfig })).toBe(other);
  });
});
