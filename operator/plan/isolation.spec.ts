import { describe, expect, it } from 'vitest';
import { planRun } from './plan.ts';
import { networkPolicyOf } from './network-policy.ts';
import { aRun, settings, startMs } from './testing/fixtures.ts';
import { gangOf, names, plan, running } from './testing/plans.ts';

const fenced = { ...settings, isolation: { operatorNamespace: 'ringmaster-system' } };

describe('the fence around a run', () => {
  it('is made before its pods, where there is a network to fence', () => {
    const { actions } = planRun({ run: aRun(), pods: [], nowMs: startMs }, fenced);
    expect(names(actions)[0]).toBe('create network policy digits');
    expect(names(plan(aRun()).actions)).not.toContain('create network policy digits');
  });

  it('is taken away when the run asks for none', () => {
    const run = running({ trainers: { networkIsolation: false } });
    const networkPolicy = networkPolicyOf(run, fenced.isolation);
    const { actions } = planRun({ run, pods: gangOf(run), networkPolicy, nowMs: startMs }, fenced);
    expect(names(actions)).toContain('delete network policy digits');
  });

  it('lets one Prometheus in when its namespace is known', () => {
    const { spec } = networkPolicyOf(aRun(), { operatorNamespace: 'a', prometheusNamespace: 'monitoring' });
    expect(JSON.stringify(spec.ingress?.[1])).toContain('"kubernetes.io/metadata.name":"monitoring"');
  });
});
