import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { apiVersion } from '../../operator/api/v1alpha1/group.ts';
import {
  ablationManifest,
  badSweeps,
  repeatingSweeps,
  searchManifest,
} from '../../operator/api/v1alpha1/testing/sweep-manifests.ts';
import { sweepNameRules, sweepRules } from '../../operator/api/v1alpha1/training-sweep-rules.ts';
import { validateTrainingSweep } from '../../operator/api/v1alpha1/training-sweep-validate.ts';
import { isObject } from '../../operator/api/v1alpha1/wire-guards.ts';
import { toApiStatus } from '../../operator/cluster/http/api-status.ts';
import { ApiRefusal } from '../../operator/cluster/http/api-refusal.ts';
import { trainingSweepCrdFile } from '../control-plane/install-crd.ts';
import { kubectlPrograms } from '../control-plane/programs.ts';
import { startControlPlane, type ControlPlane } from '../control-plane/start.ts';

const collection = `/apis/${apiVersion}/namespaces/default/trainingsweeps`;
const runProgram = promisify(execFile);

let controlPlane: ControlPlane;

beforeAll(async () => {
  controlPlane = await startControlPlane({ components: [], crdFiles: [trainingSweepCrdFile] });
});

afterAll(() => controlPlane.close());

async function kubectl(...args: string[]): Promise<string> {
  const { kubectl: program } = await kubectlPrograms();
  const env = { KUBECONFIG: await controlPlane.kubeconfigFile(), HOME: controlPlane.folder };
  return (await runProgram(program, args, { env })).stdout;
}

/** The server's answer to a strict dry run; a refusal with its fields when it refuses. */
async function dryRun(method: 'POST' | 'PUT', path: string, object: unknown) {
  const { code, body } = await controlPlane.fetch(
    method,
    `${path}?dryRun=All&fieldValidation=Strict`,
    object,
  );
  if (code >= 300) return { refusal: new ApiRefusal(toApiStatus(code, body)) };
  if (!isObject(body)) throw new TypeError('the server answers with an object');
  return { body };
}

/** The server names keys of lists in its own way, and no field below metadata. */
function sameField(path: string, field: string): boolean {
  return path === field || (path === 'metadata' && field === 'metadata.name');
}

describe('a bad sweep', () => {
  it.each(badSweeps)('with $what is refused by the server with the field and the cure', async (bad) => {
    const { refusal } = await dryRun('POST', collection, bad.manifest);
    expect(refusal?.reason).toBe('Invalid');
    const about = refusal?.fields.filter(({ path }) => sameField(path, bad.field)) ?? [];
    expect(about.map(({ message }) => message).join('\n'), refusal?.message).toContain(bad.says);
  });

  it.each(repeatingSweeps)('with $what is refused by the server', async ({ manifest, field }) => {
    const { refusal } = await dryRun('POST', collection, manifest);
    expect(refusal?.message).toContain(field);
  });

  it('is in the table for every rule that is not about a change', () => {
    const untried = [...sweepNameRules, ...sweepRules].filter(
      ({ cel, message }) => !cel.includes('oldSelf') && !badSweeps.some(({ says }) => message.includes(says)),
    );
    expect(untried.map(({ message }) => message)).toEqual([]);
  });
});

describe('a good sweep', () => {
  it.each([
    ['search', searchManifest()],
    ['table', ablationManifest()],
    [
      'search of everything',
      searchManifest({
        parameters: [
          { path: 'recipe.learningRate.base', double: { min: 0.01, max: 1, scale: 'log' } },
          { path: 'recipe.epochs', int: { min: 6, max: 12 } },
          { path: 'model.variant', values: ['B', 'D'] },
          { path: 'recipe.labelSmoothing', values: [0, 0.1] },
          { path: 'model.zeroGamma', values: [true, false] },
        ],
        objective: { metric: 'loss', goal: 0.2 },
        search: { algorithm: 'tpe', seed: 3 },
        stopping: { algorithm: 'asha' },
        autoscaling: { max: 8 },
        budget: { gpuHours: 10, duration: '8h' },
        ttlAfterFinished: '7d',
      }),
    ],
  ])('%s gets the same defaults from the server and the command line', async (_, manifest) => {
    const { body, refusal } = await dryRun('POST', collection, manifest);
    expect(refusal?.message).toBeUndefined();
    const validation = validateTrainingSweep(manifest);
    expect(body?.spec).toEqual(
      validation.ok ? JSON.parse(JSON.stringify(validation.sweep.spec)) : validation.problems,
    );
  });
});

describe('a stored sweep', () => {
  const name = 'stored';
  const base = {
    parameters: [{ path: 'recipe.labelSmoothing', values: [0, 0.1] }],
    stopping: { algorithm: 'none' },
  };

  beforeAll(async () => {
    const { code, body } = await controlPlane.fetch('POST', collection, searchManifest(base, name));
    expect(code, JSON.stringify(body)).toBe(201);
  });

  it.each([
    ['more trials', { maxTrials: 20 }, true],
    ['another seed', { search: { seed: 1 } }, false],
    ['another manager', { managedBy: 'example.com/other' }, false],
    ['another metric', { objective: { metric: 'loss' } }, false],
    ['another parameter', { parameters: [{ path: 'recipe.mixup.alpha', values: [0, 0.2] }] }, false],
    ['another value', { parameters: [{ path: 'recipe.labelSmoothing', values: [0, 0.2] }] }, false],
  ])('with %s', async (_, spec, isAllowed) => {
    const path = `${collection}/${name}`;
    const { body } = await controlPlane.fetch('GET', path);
    if (!isObject(body) || !isObject(body.spec)) throw new TypeError('the sweep is stored');
    const { refusal } = await dryRun('PUT', path, { ...body, spec: { ...body.spec, ...spec } });
    expect(refusal === undefined, refusal?.message).toBe(isAllowed);
  });

  it('shows in kubectl get how far it is', async () => {
    const status = {
      phase: 'Running',
      active: 2,
      limitedBy: 'NoCapacity',
      selector: 'ringmaster.dev/sweep-uid=x',
      counts: { paused: 0, stopped: 1, succeeded: 2, failed: 0, done: 3, total: 8 },
      best: { trial: 'stored-1', index: 1, value: 0.91 },
    };
    const patch = JSON.stringify({ status });
    await kubectl('patch', 'tsweep', name, '--type=merge', '--subresource=status', '-p', patch);
    const [header = '', row = ''] = (await kubectl('get', 'tsweep', name)).split('\n');
    expect(header.split(/\s{2,}/)).toEqual(['NAME', 'PHASE', 'ACTIVE', 'DONE', 'BEST', 'LIMITEDBY', 'AGE']);
    expect(row.split(/\s{2,}/).slice(0, 6)).toEqual([name, 'Running', '2', '3', '0.91', 'NoCapacity']);
  });

  it('has no scale to read before parallelism has a number, as an autoscaler would need', async () => {
    const { code, body } = await controlPlane.fetch('GET', `${collection}/${name}/scale`);
    expect(code).toBe(500);
    expect(body).toMatchObject({
      message: expect.stringMatching(/the spec replicas field .* does not exist/) as string,
    });
  });

  it('is scaled with kubectl scale', async () => {
    await kubectl('scale', 'tsweep', name, '--replicas=5');
    expect(await kubectl('get', 'tsweep', name, '-o', 'jsonpath={.spec.parallelism}')).toBe('5');
    const { body } = await controlPlane.fetch('GET', `${collection}/${name}/scale`);
    expect(body).toMatchObject({
      spec: { replicas: 5 },
      status: { replicas: 2, selector: 'ringmaster.dev/sweep-uid=x' },
    });
  });

  it('stores a thousand trials at their longest in less than 512 KiB', async () => {
    const trials = Array.from({ length: 1000 }, (_, index) => ({
      index,
      phase: 'Succeeded',
      reason: 'a'.repeat(32),
      point: Array.from({ length: 12 }, () => -1.23457e-10),
      value: 0.123456,
      epoch: 12345.5,
      values: Array.from({ length: 10 }, () => 0.123456),
      gpuHours: 12345.6789,
      changedAt: '2026-01-01T00:00:00Z',
    }));
    const path = `${collection}/${name}`;
    const stored = await controlPlane.fetch('GET', path);
    if (!isObject(stored.body)) throw new TypeError('the sweep is stored');
    const { code, body } = await controlPlane.fetch('PUT', `${path}/status`, {
      ...stored.body,
      status: { trials },
    });
    expect(code, JSON.stringify(body).slice(0, 1000)).toBe(200);
    if (!isObject(body)) throw new TypeError('the server answers with an object');
    expect(body.status).toEqual({ trials });
    expect(Buffer.byteLength(JSON.stringify(body))).toBeLessThan(512 * 1024);
  });

  it('is explained field by field', async () => {
    expect(await kubectl('explain', 'tsweep.spec.stopping.algorithm')).toContain('Li et al. 2020');
  });
});
