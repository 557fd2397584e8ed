import { execFile } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { load } from 'js-yaml';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fieldReference } from '../../operator/api/generate/field-reference.ts';
import { toOpenApiSchema } from '../../operator/api/generate/open-api-schema.ts';
import { apiVersion, trainingRunKind } from '../../operator/api/v1alpha1/group.ts';
import { runNameRules, specRules } from '../../operator/api/v1alpha1/rules.ts';
import { TrainingRunSchema } from '../../operator/api/v1alpha1/training-run.ts';
import { validateTrainingRun } from '../../operator/api/v1alpha1/validate.ts';
import { isObject } from '../../operator/api/v1alpha1/wire-guards.ts';
import { ClusterError } from '../../operator/cluster/cluster-error.ts';
import { ApiRefusal } from '../../operator/cluster/http/api-refusal.ts';
import { toApiStatus } from '../../operator/cluster/http/api-status.ts';
import { trainingRunCrdFile } from '../control-plane/install-crd.ts';
import { kubectlPrograms } from '../control-plane/programs.ts';
import { startControlPlane, type ControlPlane } from '../control-plane/start.ts';
import { until } from '../control-plane/until.ts';
import { badManifests, type BadManifest } from './api-server-bad-manifests.ts';

const collection = `/apis/${apiVersion}/namespaces/default/trainingruns`;
const samplesFolder = new URL('../../crds/samples/', import.meta.url);
const runProgram = promisify(execFile);

let controlPlane: ControlPlane;

beforeAll(async () => {
  controlPlane = await startControlPlane({ components: [] });
  await kubectl('apply', '-f', trainingRunCrdFile);
  await kubectl('wait', '--for=condition=Established', 'crd/trainingruns.ringmaster.dev', '--timeout=30s');
  await until('runs are served', async () =>
    (await controlPlane.fetch('GET', collection)).code === 200 ? true : undefined,
  );
});

afterAll(() => controlPlane.close());

/** Runs kubectl as a cluster admin; its standard output. A failure throws with its standard error in the message. */
async function kubectl(...args: string[]): Promise<string> {
  const { kubectl: program } = await kubectlPrograms();
  // A home of its own, so that neither a person's settings nor a cache of another server is read.
  const env = { KUBECONFIG: await controlPlane.kubeconfigFile(), HOME: controlPlane.folder };
  return (await runProgram(program, args, { env })).stdout;
}

function manifest({ name = 'run', spec = {} }: Partial<Pick<BadManifest, 'name' | 'spec'>> = {}) {
  return {
    apiVersion,
    kind: trainingRunKind,
    metadata: { name },
    spec: {
      data: { format: 'fashion-mnist', train: '/data' },
      checkpoints: { uri: '/checkpoints' },
      ...spec,
    },
  };
}

/** What the server makes of a manifest, checked as kubectl asks it to, without storing it. */
async function dryRun(object: unknown): Promise<Record<string, unknown>> {
  const { code, body } = await controlPlane.fetch(
    'POST',
    `${collection}?dryRun=All&fieldValidation=Strict`,
    object,
  );
  if (code !== 201) throw new ApiRefusal(toApiStatus(code, body));
  if (!isObject(body)) throw new TypeError('the server answers with an object');
  return body;
}

async function refusalOf(object: unknown): Promise<ClusterError> {
  const outcome: unknown = await dryRun(object).catch((error: unknown) => error);
  if (outcome instanceof ClusterError) return outcome;
  throw new Error(`the manifest was not refused: ${JSON.stringify(outcome)}`);
}

describe('a bad manifest', () => {
  it.each(badManifests)('with $what is refused by the server with the field and the cure', async (bad) => {
    const refusal = await refusalOf(manifest(bad));
    expect(refusal.reason).toBe('Invalid');
    const about = refusal.fields.filter(({ path }) => sameField(path, bad.field));
    expect(about.map(({ message }) => message).join('\n'), refusal.message).toContain(bad.says);
  });

  it.each(badManifests)('with $what is refused by the command line too', (bad) => {
    const validation = validateTrainingRun(JSON.parse(JSON.stringify(manifest(bad))));
    expect(validation.ok ? [] : validation.problems.map(({ path }) => path)).toContain(bad.field);
  });

  it('is in the table for every rule that spans fields', () => {
    const unused = [...runNameRules, ...specRules].filter(
      ({ message }) => !badManifests.some(({ says }) => message.includes(says)),
    );
    // Only a change can break it.
    expect(unused.map(({ message }) => message)).toEqual([
      'managedBy cannot be changed; make a new run',
      expect.stringContaining('can be changed only while suspend is true'),
    ]);
  });
});

/** The server has no fields below metadata, and names keys of maps in its own way. */
function sameField(path: string, field: string): boolean {
  const named = path.replace(/\[([a-z]+)\]/g, '.$1');
  return named === field || (path === 'metadata' && field === 'metadata.name');
}

describe('a good manifest', () => {
  const good: readonly [string, () => Promise<unknown>][] = [
    ['with the fewest fields', () => Promise.resolve(manifest())],
    [
      'with empty parts',
      () =>
        Promise.resolve(
          manifest({
            spec: { model: {}, recipe: {}, trainers: {}, failurePolicy: { backoff: {} }, scheduling: {} },
          }),
        ),
    ],
    [
      'with nulls, which mean that a field is not set',
      () =>
        Promise.resolve(
          manifest({ spec: { resumeFrom: null, activeDeadline: null, model: { pretrained: null } } }),
        ),
    ],
    [
      'with parts of every kind',
      () =>
        Promise.resolve(
          manifest({
            spec: {
              data: {
                format: 'tfrecord',
                train: 's3://data/train-*',
                validation: 's3://data/validation-*',
                cache: { size: '200Gi', folder: '/cache' },
                crop: { minArea: 0.25, aspect: 'log-uniform' },
                color: { hue: 0, pcaNoise: 0.1 },
                tfrecord: { labelOffset: 1 },
                shuffle: { shardsInBlock: 16 },
              },
              model: { depth: 20, stem: 'small', channels: 1 },
              recipe: {
                preset: 'baseline',
                epochs: 3,
                batchSize: 128,
                distillation: { teacher: '/teacher' },
              },
              trainers: {
                pods: 2,
                resources: { requests: { cpu: 4, memory: '8Gi' }, limits: { memory: '8Gi' } },
                tolerations: [{ key: 'gpu' }],
                affinity: { nodeAffinity: { anyThing: [1] } },
                env: [{ name: 'A', value: '' }],
                volumes: [{ name: 'data', mountPath: '/data', persistentVolumeClaim: { claimName: 'data' } }],
              },
              checkpoints: { uri: './runs', every: { steps: 10 }, keep: { best: false } },
              failurePolicy: { rules: [{ action: 'Fail', exitCodes: [66] }] },
              scheduling: { gang: 'kueue', queueName: 'team' },
            },
          }),
        ),
    ],
  ];

  it.each(good)('%s gets the same defaults from the server and the command line', async (_, make) => {
    await expectSameDefaults(await make());
  });

  it('from the samples gets the same defaults from the server and the command line', async () => {
    const files = (await readdir(samplesFolder)).filter(
      (file) => file.endsWith('.yaml') && !file.startsWith('sweep-'),
    );
    expect(files.length).toBeGreaterThan(0);
    for (const file of files)
      await expectSameDefaults(load(await readFile(new URL(file, samplesFolder), 'utf8')));
  });

  async function expectSameDefaults(object: unknown): Promise<void> {
    const { spec } = await dryRun(object);
    const validation = validateTrainingRun(object);
    expect(spec).toEqual(
      validation.ok ? JSON.parse(JSON.stringify(validation.run.spec)) : validation.problems,
    );
  }
});

describe('a stored run', () => {
  const file = () => new URL('quickstart.yaml', samplesFolder).pathname;
  let name: string;

  beforeAll(async () => {
    name = (await kubectl('create', '-f', file(), '-o', 'jsonpath={.metadata.name}')).trim();
  });

  it('does not change its manager', async () => {
    const patch = JSON.stringify({ spec: { managedBy: 'example.com/other' } });
    await expect(kubectl('patch', 'trun', name, '--type=merge', '-p', patch)).rejects.toThrow(
      'spec.managedBy: Invalid value: managedBy cannot be changed; make a new run',
    );
  });

  const changes: readonly [string, object, boolean][] = [
    ['its epochs', { recipe: { epochs: 7 } }, false],
    ['its data', { data: { train: '/other' } }, false],
    ['its size', { trainers: { gpusPerPod: 1 } }, false],
    ['its image', { trainers: { image: 'other:1' } }, false],
    ['where it continues from', { resumeFrom: 's3://runs/step-1' }, false],
    ['its epochs as it is suspended', { suspend: true, recipe: { epochs: 7 } }, true],
    ['where its pods go', { trainers: { nodeSelector: { pool: 'b' } } }, true],
    ['how often it may fail', { failurePolicy: { maxRestarts: 9 } }, true],
  ];

  it.each(changes)('that runs, changed in %s', async (_, spec, isAllowed) => {
    const path = `${collection}/${name}`;
    const { body } = await controlPlane.fetch('GET', path);
    const changed = merged(body, { spec });
    const { code, body: answer } = await controlPlane.fetch('PUT', `${path}?dryRun=All`, changed);
    expect(code, JSON.stringify(answer)).toBe(isAllowed ? 200 : 422);
    if (!isAllowed) expect(JSON.stringify(answer)).toContain('only while suspend is true');
    const old = validateTrainingRun(body);
    if (!old.ok) throw new Error(JSON.stringify(old.problems));
    expect(validateTrainingRun(changed, old.run).ok).toBe(isAllowed);
  });

  it('takes its status from the status subresource alone', async () => {
    const patch = JSON.stringify({
      spec: { suspend: true },
      status: {
        phase: 'Running',
        attempt: 2,
        restarts: { total: 1, charged: 1 },
        progress: {
          epoch: 1.5,
          epochs: 10,
          step: 150,
          steps: 1000,
          percent: 15,
          imagesPerSecond: 812.5,
          etaSeconds: 60,
          loss: 1.25,
          updatedAt: '2026-01-01T00:00:00Z',
          validation: { epoch: 1, top1: 0.75, top5: 0.97, loss: 0.7 },
        },
        checkpoint: { step: 100, epoch: 1, uri: '/checkpoints/step-100', savedAt: '2026-01-01T00:00:00Z' },
      },
    });
    await kubectl('patch', 'trun', name, '--type=merge', '--subresource=status', '-p', patch);
    await kubectl(
      'patch',
      'trun',
      name,
      '--type=merge',
      '-p',
      JSON.stringify({ status: { phase: 'Failed' } }),
    );
    const seen = await kubectl('get', 'trun', name, '-o', 'jsonpath={.status.phase} {.spec.suspend}');
    expect(seen).toBe('Running false');
  });

  it('shows in kubectl get how far it is', async () => {
    const [header = '', row = ''] = (await kubectl('get', 'trun', name)).split('\n');
    expect(header.split(/\s{2,}/)).toEqual([
      'NAME',
      'PHASE',
      'EPOCH',
      'TOP1',
      'IMG/S',
      'ETA',
      'RESTARTS',
      'AGE',
    ]);
    expect(row.split(/\s{2,}/).slice(0, 7)).toEqual([name, 'Running', '1.5', '0.75', '812.5', '60', '1']);
    const wide = (await kubectl('get', 'trun', name, '-o', 'wide')).split('\n')[0] ?? '';
    expect(wide.split(/\s{2,}/).slice(8)).toEqual(['STEP', 'LOSS', 'CHECKPOINT', 'ATTEMPT']);
  });

  it('is found under its names and categories', async () => {
    for (const word of ['trun', 'trainingrun', 'trainingruns.ringmaster.dev', 'ringmaster', 'all'])
      expect(await kubectl('get', word, '-o', 'name')).toContain(`trainingrun.ringmaster.dev/${name}`);
  });

  it('is selected by fields', async () => {
    expect(await kubectl('get', 'trun', '--field-selector=status.phase=Running', '-o', 'name')).toContain(
      name,
    );
    expect(await kubectl('get', 'trun', '--field-selector=status.phase=Failed', '-o', 'name')).toBe('');
    const own = '--field-selector=spec.managedBy=ringmaster.dev/operator';
    expect(await kubectl('get', 'trun', own, '-o', 'name')).toContain(name);
  });
});

/** An object with some of its fields changed. */
function merged(object: unknown, changes: unknown): unknown {
  if (!isObject(object) || !isObject(changes)) return changes;
  return {
    ...object,
    ...Object.fromEntries(Object.entries(changes).map(([key, value]) => [key, merged(object[key], value)])),
  };
}

describe('kubectl explain', () => {
  it('tells the values, default and source of a field', async () => {
    const text = await kubectl('explain', 'trun.spec.model.variant');
    expect(text).toMatch(/ENUM:\s+A\s+B\s+C\s+D\s/);
    expect(text).toContain('Default D.');
    expect(text).toContain('paper, section 4');
  });

  it('knows every field', async () => {
    const text = await kubectl('explain', 'trun', '--recursive');
    const listed = new Set([...text.matchAll(/^\s+(\w+)\s+</gm)].map(([, field]) => field));
    const fields = fieldReference('', toOpenApiSchema(TrainingRunSchema)).matchAll(/^\| `(?:.*\.)?(\w+)`/gm);
    expect([...fields].map(([, field]) => field).filter((field) => !listed.has(field))).toEqual([]);
  });
});

describe('kubectl apply', () => {
  it('shows a person what is wrong, all at once', async () => {
    const samples = new URL('quickstart.yaml', samplesFolder).pathname;
    const { kubectl: program } = await kubectlPrograms();
    const env = { KUBECONFIG: await controlPlane.kubeconfigFile(), HOME: controlPlane.folder };
    const run: unknown = load(await readFile(samples, 'utf8'));
    if (!isObject(run) || !isObject(run.spec)) throw new TypeError('the sample is a run');
    const bad = {
      ...run,
      spec: { ...run.spec, model: { variant: 'E' }, failurePolicy: { maxRestarts: -1 } },
    };
    const applying = runProgram(program, ['apply', '-f', '-'], { env });
    applying.child.stdin?.end(JSON.stringify(bad));
    await expect(applying).rejects.toThrow(
      /spec\.failurePolicy\.maxRestarts[^]*spec\.model\.variant|spec\.model\.variant[^]*spec\.failurePolicy\.maxRestarts/,
    );
  });
});
