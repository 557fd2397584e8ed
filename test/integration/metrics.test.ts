import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { copyFile, mkdtemp, readFile } from 'node:fs/promises';
import { get } from 'node:https';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { describe, expect, it } from 'vitest';
import { createTrainerMetrics } from '../../trainer-image/supervisor/metrics.ts';
import { kubectl, operatorNamespace, renderChart } from '../operator/install.ts';
import { managerProgram, startManager } from '../operator/manager.ts';
import { checkMetrics, hasPromtool } from '../operator/promtool.ts';
import { useGangWorld } from './gang-world.ts';

const world = useGangWorld();

describe('the metrics of the operator', () => {
  it('tell phases, restarts, waits and GPU-seconds of a life with a failure', async () => {
    await world().submitRunning('digits');
    const metric = (name: string, labels?: Readonly<Record<string, string>>) =>
      world().manager.metric(name, labels);
    expect(await metric('ringmaster_runs', { phase: 'Running' })).toBe(1);
    expect(await metric('ringmaster_run_time_to_first_pod_seconds_count')).toBe(1);
    await world().endPod('digits-1-0', { exitCode: 70 });
    await world().endDying('digits', '1-1');
    await world().takeToRunning('digits', 2);
    expect(await metric('ringmaster_run_restarts_total')).toBe(1);
    for (const pod of ['digits-2-0', 'digits-2-1']) await world().endPod(pod);
    await world().reaches('digits', 'Succeeded');
    await world().settles();
    expect(await metric('ringmaster_runs', { phase: 'Succeeded' })).toBe(1);
    expect(await metric('ringmaster_runs_finished_total', { phase: 'Succeeded' })).toBe(1);
    expect(await metric('ringmaster_run_time_to_first_pod_seconds_count')).toBe(1);
    expect(await metric('ringmaster_gpu_seconds_total')).toBeGreaterThan(0);
    expect(await metric('ringmaster_build_info')).toBe(1);
    const concurrent = 'controller_runtime_max_concurrent_reconciles';
    expect(await metric(concurrent, { controller: 'trainingrun' })).toBe(16);
    expect(await metric(concurrent, { controller: 'trainingsweep' })).toBe(2);
    expect(await metric('nodejs_eventloop_lag_p99_seconds')).toBeGreaterThan(0);
  });

  it.skipIf(!hasPromtool)('pass promtool check metrics', async () => {
    const page = await world().manager.get('/metrics');
    expect(await checkMetrics(page.text)).toBe('');
  });

  it('are all in docs/metrics.md, and nothing else is', async () => {
    const page = await world().manager.get('/metrics');
    const own = namesOn(page.text).filter((name) => name.startsWith('ringmaster_'));
    expect(documented('Operator').filter((name) => name.startsWith('ringmaster_'))).toEqual(own);
  });
});

describe('the metrics of the operator over TLS', () => {
  it('are for accounts that may get /metrics, which the API server says, and for nobody else', async () => {
    const { controlPlane, folder, operatorKubeconfig } = world();
    const values = ['metrics.secure.enabled=true', 'metrics.secure.tlsSecret=tls'];
    await kubectl(controlPlane, ['apply', '-f', '-'], await renderChart(['metrics-rights'], values));
    // The certificate of the API server is for the loopback too.
    const tls = await mkdtemp(join(folder, 'tls-'));
    for (const part of ['crt', 'key'])
      await copyFile(join(controlPlane.folder, `apiserver.${part}`), join(tls, `tls.${part}`));
    const manager = await startManager({
      ...{ name: 'operator-tls', kubeconfig: operatorKubeconfig, folder },
      flags: ['--secure-metrics-listen=127.0.0.1:0', `--tls-folder=${tls}`],
    });
    try {
      const { securePort } = await manager.says('started');
      const ca = await readFile(join(tls, 'tls.crt'));
      const ask = (token?: string) =>
        getSecurely(`https://127.0.0.1:${String(securePort)}/metrics`, ca, token);
      for (const name of ['prometheus', 'stranger'])
        await kubectl(controlPlane, ['create', 'serviceaccount', name, '--namespace=default']);
      const role = `${operatorNamespace}-ringmaster-metrics-reader`;
      await kubectl(controlPlane, [
        ...['create', 'clusterrolebinding', 'prometheus-reads', `--clusterrole=${role}`],
        '--serviceaccount=default:prometheus',
      ]);
      const tokenOf = (name: string) =>
        kubectl(controlPlane, ['create', 'token', name, '--namespace=default']).then((text) => text.trim());
      const allowed = await ask(await tokenOf('prometheus'));
      expect(allowed).toMatchObject({ code: 200 });
      expect(allowed.text).toContain('ringmaster_build_info');
      expect((await ask(await tokenOf('stranger'))).code).toBe(403);
      expect((await ask('forged')).code).toBe(401);
      expect((await ask()).code).toBe(401);
      // Not past it either.
      expect((await manager.get('/metrics')).code).toBe(404);
      expect((await manager.get('/healthz')).code).toBe(200);
    } finally {
      await manager.stop();
    }
  });
});

describe('an operator that cannot begin', () => {
  it.each([
    ['no cluster', ['--kubeconfig=/nowhere'], 69, 'no cluster to act on'],
    ['TLS without an address', ['--tls-folder=/nowhere'], 64, 'only together'],
    [
      'TLS without a certificate',
      ['--secure-metrics-listen=127.0.0.1:0', '--tls-folder=/nowhere'],
      64,
      '--tls-folder needs tls.crt and tls.key',
    ],
  ])('says why and ends: %s', async (_what, flags, code, words) => {
    const kubeconfig = `--kubeconfig=${world().operatorKubeconfig}`;
    const args = ['manager', '--trainer-image=trainer:test', '--listen=127.0.0.1:0', kubeconfig, ...flags];
    const ended = await new Promise<{ code: unknown; stderr: string }>((resolve) => {
      execFile(process.execPath, [managerProgram, ...args], { timeout: 60_000 }, (error, _stdout, stderr) =>
        resolve({ code: error?.code, stderr }),
      );
    });
    expect(ended).toEqual({ code, stderr: expect.stringContaining(words) as string });
  });
});

function getSecurely(url: string, ca: Buffer, token?: string): Promise<{ code?: number; text: string }> {
  const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
  return new Promise((resolve, reject) => {
    get(url, { ca, headers }, (response) => {
      text(response).then(
        (body) =>
          resolve({
            ...(response.statusCode === undefined ? {} : { code: response.statusCode }),
            text: body,
          }),
        reject,
      );
    }).on('error', reject);
  });
}

describe('the metrics of a trainer', () => {
  it.skipIf(!hasPromtool)('pass promtool check metrics', async () => {
    expect(await checkMetrics(await createTrainerMetrics().text())).toBe('');
  });

  it('are all in docs/metrics.md, and nothing else is', async () => {
    const own = namesOn(await createTrainerMetrics().text());
    expect(documented('Trainer').map((name) => `ringmaster_trainer_${name}`)).toEqual(own);
  });
});

/** Names of the metrics on a page, in order. */
function namesOn(page: string): string[] {
  return [...page.matchAll(/^# TYPE ([a-z0-9_]+) /gm)].map(([, name = '']) => name).sort();
}

/** Names in the first column of a table of docs/metrics.md, in order. */
function documented(heading: string): string[] {
  const file = readFileSync(new URL('../../docs/metrics.md', import.meta.url), 'utf8');
  const part = file.split(/^## /m).find((section) => section.startsWith(heading)) ?? '';
  const rows = part.split('\n').filter((line) => line.startsWith('| `'));
  return rows
    .flatMap((row) => [...(row.split('|')[1] ?? '').matchAll(/`([a-z0-9_]+)`/g)].map(([, name = '']) => name))
    .sort();
}
