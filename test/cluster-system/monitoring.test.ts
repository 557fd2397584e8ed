import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import * as z from 'zod';
import { apiVersion, labels, managedByValue, trainingSweepKind } from '../../operator/api/v1alpha1/group.ts';
import { resourceTypes } from '../../operator/cluster/cluster.ts';
import { until } from '../control-plane/until.ts';
import { readDashboards } from '../monitoring/dashboard-file.ts';
import { gpuExposition } from '../monitoring/gpu-exporter.ts';
import { discoveredPods } from '../monitoring/pod-discovery.ts';
import { ownRelabelings, relabelConfigs, shippedPodMonitors } from '../monitoring/pod-monitor.ts';
import { hasPrometheus, startPrometheus, type Prometheus } from '../monitoring/prometheus.ts';
import { expandVariables, selectorsOf } from '../monitoring/promql.ts';
import { readRules, rulesFile } from '../monitoring/rules-file.ts';
import { serveText } from '../monitoring/serve-text.ts';
import { kubectl } from '../operator/install.ts';
import { testKeys } from '../s3/server.ts';
import { killRank } from './faults.ts';
import { apply, manifest, trainers } from './runs.ts';
import { hasSaved } from './trainer-logs.ts';
import { namespace, openClusterSystem, type ClusterSystem } from './world.ts';

const sweep = 'tricks';
/** Everything that was scraped: no test here takes that long. */
const range = '30m';

const operatorToken = z.object({
  users: z.tuple([z.object({ user: z.object({ token: z.string().min(20) }) })]),
});

let system: ClusterSystem;
let prometheus: Prometheus;
const closers: (() => Promise<void>)[] = [];

const first = <T>(from: readonly T[]): T => {
  const [one] = from;
  if (one === undefined) throw new Error('there is nothing to choose from');
  return one;
};

/**
 * Two trials of two ranks, one after the other. Trainers report every second and are scraped every second; a rate needs
 * two reports, so a trial has to take some seconds also on a fast machine.
 */
function sweepManifest(): object {
  const { spec } = manifest(system, sweep, {
    recipe: {
      ...{ epochs: 4, batchSize: 32, learningRate: { warmupEpochs: 1 }, mixup: { alpha: 0 } },
      precision: { compute: 'float32', lossScale: 'none' },
    },
    trainers: { pods: 1, gpusPerPod: 2, terminationGracePeriodSeconds: 20 },
  }) as { spec: object };
  return {
    ...{ apiVersion, kind: trainingSweepKind, metadata: { name: sweep, namespace } },
    spec: {
      runTemplate: spec,
      parameters: [{ path: 'recipe.labelSmoothing', values: [0, 0.1] }],
      search: { algorithm: 'grid' },
      ...{ parallelism: 1, maxTrials: 2 },
    },
  };
}

/** A run that no node has room for: of the phases that are over in a moment, one lasts until it was scraped. */
async function waitForRoom(): Promise<void> {
  const run = 'too-large';
  await apply(system, run, { trainers: { ...trainers, gpusPerPod: 8 } });
  await until('a run that waits for room is scraped', async () => {
    const phases = await prometheus.everSince(`ringmaster_run_phase{run="${run}", phase="Starting"}`);
    return phases.length > 0 ? true : undefined;
  });
  await kubectl(system.controlPlane, ['delete', `trainingrun/${run}`, `--namespace=${namespace}`]);
}

async function prometheusConfig(gpuPort: number, discoveryPort: number): Promise<object> {
  const { operator, trainers } = await shippedPodMonitors();
  const started = await system.operators[0]?.says('started');
  const [{ honorLabels, relabelings }] = operator.spec.podMetricsEndpoints;
  return {
    rule_files: [rulesFile],
    scrape_configs: [
      {
        // A process here, not a pod.
        job_name: 'operator',
        static_configs: [
          {
            targets: [`127.0.0.1:${String(started?.port)}`],
            labels: { namespace: 'ringmaster-system', pod: 'operator-1' },
          },
        ],
        honor_labels: honorLabels,
        relabel_configs: ownRelabelings(relabelings),
      },
      {
        job_name: 'trainers',
        http_sd_configs: [{ url: `http://127.0.0.1:${discoveryPort}`, refresh_interval: '1s' }],
        relabel_configs: relabelConfigs(trainers),
      },
      {
        job_name: 'dcgm-exporter',
        static_configs: [
          {
            targets: [`127.0.0.1:${gpuPort}`],
            labels: { namespace: 'gpu-operator', pod: 'dcgm-exporter-1' },
          },
        ],
      },
    ],
  };
}

beforeAll(async () => {
  if (!hasPrometheus) return;
  system = await openClusterSystem({ stepsPerEpoch: 128 });
  closers.push(() => system.close());
  const pods = () =>
    system.cluster.list(resourceTypes.pods, { namespace, labels: { [labels.managedBy]: managedByValue } });
  const exporter = await serveText('text/plain; version=0.0.4', async () => gpuExposition(await pods()));
  closers.push(() => exporter.close());
  const discovery = await serveText('application/json', async () =>
    JSON.stringify(discoveredPods(await pods())),
  );
  closers.push(() => discovery.close());
  prometheus = await startPrometheus(system.folder, await prometheusConfig(exporter.port, discovery.port));
  closers.push(() => prometheus.close());
  await kubectl(system.controlPlane, ['apply', '-f', '-'], JSON.stringify(sweepManifest()));
  await hasSaved(system, `${sweep}-0`, 20);
  await killRank(system, `${sweep}-0`, first);
  await until(
    'the sweep has ended',
    async () => {
      const { status } =
        (await system.cluster.get(resourceTypes.trainingSweeps, { namespace, name: sweep })) ?? {};
      if (status?.phase === 'Failed') throw new Error(JSON.stringify(status));
      return status?.phase === 'Succeeded' ? true : undefined;
    },
    { timeoutMs: 240_000 },
  );
  await waitForRoom();
}, 600_000);
afterAll(async () => {
  for (const close of closers.reverse()) await close();
});

/** All lines of all files of a folder; none where it is not there. */
function readLogs(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder).flatMap((file) =>
    readFileSync(join(folder, file), 'utf8')
      .split('\n')
      .filter((line) => line !== ''),
  );
}

const isEmpty = async (query: string) => (await prometheus.everSince(query)).length === 0;

/** The queries, of some that are told by a name, that gave nothing in all the time. */
async function emptyOnes(
  queries: readonly { readonly of: string; readonly query: string }[],
): Promise<string[]> {
  const empty: string[] = [];
  for (const { of, query } of queries) if (await isEmpty(query)) empty.push(`${of}: ${query}`);
  return empty;
}

/** What Grafana makes of a query where everything is chosen. */
function chosen(expr: string): string {
  return expandVariables(expr, '10s', range).replaceAll(/\$[a-z]+/g, '.+');
}

describe.skipIf(!hasPrometheus)('a real Prometheus that scrapes the operator and real trainers', () => {
  it('has data for every query of every panel', async () => {
    const queries = readDashboards().flatMap(({ title, shown }) =>
      shown.flatMap((panel) =>
        panel.targets.map(({ expr }) => ({ of: `${title}, ${panel.title}`, query: chosen(expr) })),
      ),
    );
    expect(queries.length).toBeGreaterThan(50);
    expect(await emptyOnes(queries)).toEqual([]);
  });

  it('takes neither a metric that nobody has nor a figure that is no number for data', async () => {
    const queries = ['ringmaster_loss', 'vector(0) / vector(0)'].map((query) => ({ of: 'a panel', query }));
    expect(await emptyOnes(queries)).toHaveLength(2);
  });

  it('finds values for every variable', async () => {
    const queries = readDashboards().flatMap(({ title, templating }) =>
      templating.list.flatMap(({ type, name, query }) => {
        const [, selector = '', label = ''] = /^label_values\((.+), ([a-z_]+)\)$/.exec(query) ?? [];
        return type === 'query'
          ? [{ of: `${title}, ${name}`, query: `group by (${label}) (${chosen(selector)})` }]
          : [];
      }),
    );
    expect(queries.length).toBeGreaterThanOrEqual(4);
    expect(await emptyOnes(queries)).toEqual([]);
  });

  it('has data for every rule: what it records, and what an alert looks at', async () => {
    const queries = readRules().flatMap(({ record, alert, expr }) =>
      record === undefined
        ? selectorsOf(expr).map(({ text }) => ({ of: alert ?? '', query: text }))
        : [{ of: record, query: record }],
    );
    expect(await emptyOnes(queries)).toEqual([]);
  });

  it('tells whose figures they are by namespace, run, sweep, attempt, pod and rank', async () => {
    const steps = await prometheus.everSince('ringmaster_trainer_step_seconds_count');
    const told = steps.map(({ labels: { job, namespace: place, run, sweep: of, attempt, pod, rank } }) => ({
      ...{ job, place, run, of, attempt, pod, rank },
    }));
    for (const rank of ['0', '1'])
      expect(told).toContainEqual({
        ...{ job: 'ringmaster-trainer', place: namespace, run: 'tricks-0', of: sweep, attempt: '2' },
        ...{ pod: 'tricks-0-2-0', rank },
      });
    const gpus = await prometheus.everSince('ringmaster:gpu_utilization:ratio');
    expect(gpus.map(({ labels: { run, sweep: of, pod } }) => ({ run, of, pod }))).toContainEqual({
      ...{ run: 'tricks-1', of: sweep, pod: 'tricks-1-1-0' },
    });
    const phases = await prometheus.everSince('ringmaster_run_phase{run="tricks-0"}');
    expect(new Set(phases.map((series) => series.labels.namespace))).toEqual(new Set([namespace]));
  });

  it('reads logs of JSON lines that tell run, attempt and, where it is one that speaks, rank', async () => {
    const lines = system.nodes
      .flatMap(({ folder }) => readLogs(join(folder, 'logs', namespace, `${sweep}-0`)))
      .map((line): unknown => JSON.parse(line));
    const spoken = (component: string, attempt: number) =>
      expect.objectContaining({ component, run: `${sweep}-0`, attempt }) as unknown;
    for (const attempt of [1, 2]) expect(lines).toContainEqual(spoken('supervisor', attempt));
    const ofRanks = lines.filter((line) => (line as { component?: string }).component === 'rank');
    expect(ofRanks.length).toBeGreaterThan(0);
    for (const line of ofRanks) expect(line).toMatchObject({ run: `${sweep}-0`, rank: 0 });
    expect((await system.operators[0]?.log())?.every(({ time }) => time !== '')).toBe(true);
  });

  it("reads no log in which the operator's token or the keys to the storage stand", () => {
    const { token } = operatorToken.parse(
      JSON.parse(readFileSync(join(system.controlPlane.folder, 'operator.kubeconfig'), 'utf8')),
    ).users[0].user;
    const logs = readdirSync(system.folder, { recursive: true, encoding: 'utf8' }).filter((file) =>
      file.endsWith('.log'),
    );
    expect(logs.length).toBeGreaterThan(4);
    for (const file of logs) {
      const text = readFileSync(join(system.folder, file), 'utf8');
      for (const secret of [token, testKeys.secretAccessKey]) expect(text.includes(secret)).toBe(false);
    }
  });

  it('finds no series of a finished run or sweep on the page of the operator', async () => {
    const { text } = (await system.operators[0]?.get('/metrics')) ?? { text: '' };
    expect(text).toContain('ringmaster_sweeps{phase="Succeeded"} 1');
    expect(text).not.toMatch(/(run|sweep)="tricks/);
  });
});
