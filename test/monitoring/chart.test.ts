import { readFileSync } from 'node:fs';
import { load, loadAll } from 'js-yaml';
import { describe, expect, it } from 'vitest';
import { isObject } from '../../operator/api/v1alpha1/wire-guards.ts';
import { renderChart } from '../operator/install.ts';
import { readDashboards } from './dashboard-file.ts';
import { rulesFile } from './rules-file.ts';

const prometheusOperator = ['monitoring.coreos.com/v1'];
const secure = ['metrics.secure.enabled=true', 'metrics.secure.tlsSecret=tls'];

/** The objects that a template of the chart makes. */
async function rendered(
  template: string,
  values: readonly string[] = [],
  apiVersions: readonly string[] = [],
): Promise<Record<string, unknown>[]> {
  return loadAll(await renderChart([template], values, apiVersions)).filter(isObject);
}

const kinds = (objects: readonly Record<string, unknown>[]) => objects.map(({ kind }) => kind);

describe('the chart', () => {
  it('makes monitors and rules only where the cluster has the kinds, and only if they are wanted', async () => {
    const wanted = await rendered('monitors', [], prometheusOperator);
    expect(kinds(wanted)).toEqual(['PodMonitor', 'PodMonitor', 'PrometheusRule']);
    // Helm refuses to show a template that makes nothing.
    await expect(rendered('monitors')).rejects.toThrow(/could not find template/);
    await expect(rendered('monitors', ['metrics.monitors=false'], prometheusOperator)).rejects.toThrow();
  });

  it('ships the same rules in both forms, with runbooks where the values say', async () => {
    const site = 'https://example.org/runbooks/';
    const [, , rule] = await rendered('monitors', [`metrics.runbooks=${site}`], prometheusOperator);
    const plain = readFileSync(rulesFile, 'utf8');
    expect(plain).toContain('runbook_url: docs/runbooks/');
    expect(rule?.spec).toEqual(load(plain.replaceAll('docs/runbooks/', site)));
  });

  it('brings every dashboard to the sidecar of Grafana as it is', async () => {
    const maps = await rendered('dashboards');
    const files = maps.flatMap(({ data }) => Object.entries(isObject(data) ? data : {}));
    expect(files.map(([file]) => file)).toEqual(readDashboards().map(({ file }) => file));
    for (const [file, text] of files)
      expect(text).toBe(
        readFileSync(new URL(`../../charts/ringmaster/dashboards/${file}`, import.meta.url), 'utf8'),
      );
    for (const { metadata } of maps) expect(metadata).toMatchObject({ labels: { grafana_dashboard: '1' } });
  });

  it('gives the right to ask who reads the metrics only where they are served over TLS', async () => {
    await expect(rendered('metrics-rights')).rejects.toThrow(/could not find template/);
    const [access, reader] = await rendered('metrics-rights', secure);
    expect(access?.rules).toEqual([
      { apiGroups: ['authentication.k8s.io'], resources: ['tokenreviews'], verbs: ['create'] },
      { apiGroups: ['authorization.k8s.io'], resources: ['subjectaccessreviews'], verbs: ['create'] },
    ]);
    expect(reader?.rules).toEqual([{ nonResourceURLs: ['/metrics'], verbs: ['get'] }]);
  });

  it('mounts the certificate, serves it and scrapes it over TLS, and wants it named', async () => {
    const [deployment] = await rendered('deployment', secure);
    const text = JSON.stringify(deployment);
    for (const part of ['--secure-metrics-listen=0.0.0.0:8443', '"secretName":"tls"', '"https-metrics"'])
      expect(text).toContain(part);
    const [monitor] = await rendered('monitors', secure, prometheusOperator);
    expect(monitor).toMatchObject({
      spec: { podMetricsEndpoints: [{ port: 'https-metrics', scheme: 'https', honorLabels: true }] },
    });
    await expect(rendered('deployment', [secure[0] ?? ''])).rejects.toThrow(/metrics\.secure\.tlsSecret/);
  });
});
