import { describe, expect, it } from 'vitest';
import { resourceTypes } from '../cluster.ts';
import { labelSelector, resourcePath } from './resource-path.ts';

const { pods, trainingRuns } = resourceTypes;

describe('a resource path', () => {
  it('has another root for the core group', () => {
    expect(resourcePath(pods, {})).toBe('/api/v1/pods');
    expect(resourcePath(trainingRuns, {})).toBe('/apis/ringmaster.dev/v1alpha1/trainingruns');
  });

  it('leads to an object and its status', () => {
    expect(resourcePath(pods, { namespace: 'team', name: 'one', subresource: 'status' })).toBe(
      '/api/v1/namespaces/team/pods/one/status',
    );
  });

  it('names no namespace for what is in none', () => {
    const nodes = { apiVersion: 'v1', kind: 'Node', plural: 'nodes', scope: 'Cluster' } as const;
    expect(resourcePath(nodes, { namespace: '', name: 'one' })).toBe('/api/v1/nodes/one');
  });

  it('cannot be led elsewhere by a name', () => {
    expect(resourcePath(pods, { namespace: 'a/b', name: '../c?d' })).toBe(
      '/api/v1/namespaces/a%2Fb/pods/..%2Fc%3Fd',
    );
  });
});

describe('a label selector', () => {
  it('asks for every label, or for nothing', () => {
    expect(labelSelector({ labels: { a: '1', 'ringmaster.dev/run': 'x' } })).toEqual({
      labelSelector: 'a=1,ringmaster.dev/run=x',
    });
    expect(labelSelector({ labels: {} })).toEqual({});
    expect(labelSelector({})).toEqual({});
  });
});
