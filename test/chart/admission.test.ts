import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { assignmentVariable } from '../../operator/api/trainer/environment.ts';
import type { Pod } from '../../operator/api/wire.ts';
import { podOf } from '../../operator/plan/pods.ts';
import { validateTrainingRun } from '../../operator/api/v1alpha1/validate.ts';
import { isObject } from '../../operator/api/v1alpha1/wire-guards.ts';
import { shippedCrdFiles } from '../control-plane/install-crd.ts';
import { startControlPlane, type ControlPlane } from '../control-plane/start.ts';
import { until } from '../control-plane/until.ts';
import { kubectl } from '../operator/install.ts';
import { createRestrictedNamespaces, releaseNamespace, requester, type Requester } from './cluster.ts';
import { escalationsOf } from './escalations.ts';
import { renderText, setting } from './helm.ts';

/* What somebody who may write runs, and nothing else, can make of that. */

let controlPlane: ControlPlane;
let as: Requester;
const closing = new AbortController();
const namespace = 'vision';

/** May write runs, as by the role that the chart ships, and nothing else. */
const author = 'author';
/** May use the account `trainer` besides. */
const accountUser = 'account-user';
/** Has Kubernetes' own role edit, and so may make pods. */
const editor = 'editor';
/** Has Kubernetes' own role view. */
const viewer = 'viewer';

const rbac = 'rbac.authorization.k8s.io';

function binding(user: string, role: string): object {
  return {
    apiVersion: `${rbac}/v1`,
    kind: 'RoleBinding',
    metadata: { name: `${user}-${role}`, namespace },
    roleRef: { apiGroup: rbac, kind: 'ClusterRole', name: role },
    subjects: [{ apiGroup: rbac, kind: 'User', name: user }],
  };
}

beforeAll(async () => {
  // The controller manager is what aggregates the roles.
  const users = [author, accountUser, editor, viewer].map((name) => ({ name, groups: [] }));
  controlPlane = await startControlPlane({
    components: ['controller-manager'],
    crdFiles: shippedCrdFiles,
    users,
  });
  as = await requester(controlPlane, closing.signal);
  await createRestrictedNamespaces(controlPlane, [releaseNamespace, namespace]);
  const text = await renderText([
    ...setting({
      'admission.imagePrefixes': ['registry.example.com/'],
      'admission.runtimeClassNames': ['nvidia'],
    }),
    ...['admission', 'user-roles'].map((template) => `--show-only=templates/${template}.yaml`),
  ]);
  await kubectl(controlPlane, ['apply', '-f', '-'], text);
  const useTrainer = {
    apiVersion: `${rbac}/v1`,
    kind: 'ClusterRole',
    metadata: { name: 'use-trainer' },
    rules: [{ apiGroups: [''], resources: ['serviceaccounts'], resourceNames: ['trainer'], verbs: ['use'] }],
  };
  const writeRuns = `${releaseNamespace}-ringmaster-edit`;
  const items = [
    useTrainer,
    binding(author, writeRuns),
    binding(accountUser, writeRuns),
    binding(accountUser, 'use-trainer'),
    binding(editor, 'edit'),
    binding(viewer, 'view'),
  ];
  await kubectl(
    controlPlane,
    ['apply', '-f', '-'],
    JSON.stringify({ apiVersion: 'v1', kind: 'List', items }),
  );
  // The server reads policies from a cache of its own, a moment later.
  const isEnforced = async (make: typeof run | typeof sweep) =>
    until('the policies are enforced', async () =>
      (await create(author, make({ serviceAccountName: 'trainer' }))) === 'created' ? undefined : true,
    );
  await isEnforced(run);
  await isEnforced(sweep);
  await until('the roles are aggregated', async () =>
    (await create(editor, run({}))) === 'created' ? true : undefined,
  );
});

afterAll(async () => {
  closing.abort();
  await controlPlane.close();
});

const spec = (trainers: object) => ({
  data: { format: 'fashion-mnist', train: '/data' },
  checkpoints: { uri: '/checkpoints' },
  trainers,
});

function run(trainers: object, more: object = {}) {
  return {
    apiVersion: 'ringmaster.dev/v1alpha1',
    kind: 'TrainingRun',
    metadata: { name: 'digits', namespace },
    spec: { ...spec(trainers), ...more },
  };
}

function sweep(trainers: object) {
  return {
    apiVersion: 'ringmaster.dev/v1alpha1',
    kind: 'TrainingSweep',
    metadata: { name: 'tricks', namespace },
    spec: {
      runTemplate: spec(trainers),
      parameters: [{ path: 'recipe.labelSmoothing', double: { min: 0, max: 0.2 } }],
      maxTrials: 2,
    },
  };
}

const collection = (plural: string) => `/apis/ringmaster.dev/v1alpha1/namespaces/${namespace}/${plural}`;

/** Creates an object without storing it: `created`, or why not. */
async function create(user: string, object: { readonly kind: string }): Promise<string> {
  const path = collection(object.kind === 'TrainingRun' ? 'trainingruns' : 'trainingsweeps');
  const { code, text } = await as(user, 'POST', `${path}?dryRun=All&fieldValidation=Strict`, object);
  return code === 201 ? 'created' : text;
}

const kinds = [
  { kind: 'run', make: run, path: 'spec.trainers' },
  { kind: 'sweep', make: sweep, path: 'spec.runTemplate.trainers' },
];

describe.each(kinds)('the author of a $kind', ({ make, path }) => {
  it('makes one that asks for nothing special', async () => {
    expect(await create(author, make({}))).toBe('created');
    expect(await create(author, make({ serviceAccountName: 'default', priorityClassName: 'batch' }))).toBe(
      'created',
    );
  });

  it('uses a service account only where pods, or that account, may be used', async () => {
    const trainers = { serviceAccountName: 'trainer' };
    const refusal = await create(author, make(trainers));
    expect(refusal).toContain(`${path}.serviceAccountName: author may not use the service account trainer`);
    expect(refusal).toContain('Forbidden');
    expect(await create(accountUser, make(trainers))).toBe('created');
    expect(await create(accountUser, make({ serviceAccountName: 'admin' }))).toContain('may not use');
    expect(await create(editor, make({ serviceAccountName: 'admin' }))).toBe('created');
  });

  it.each([
    [
      'a class of the system',
      { priorityClassName: 'system-node-critical' },
      'priorityClassName: classes that begin with system-',
    ],
    ['another runtime', { runtimeClassName: 'kata' }, 'runtimeClassName: this cluster lets runs have nvidia'],
    [
      'an image from elsewhere',
      { image: 'evil.example.com/a:1' },
      'image: this cluster runs images that begin with registry.example.com/',
    ],
    [
      'control-plane nodes',
      { tolerations: [{ key: 'node-role.kubernetes.io/control-plane', operator: 'Exists' }] },
      'tolerations: runs may not tolerate',
    ],
    ['all taints', { tolerations: [{ operator: 'Exists' }] }, 'tolerations: runs may not tolerate'],
    [
      'all taints by an empty key',
      { tolerations: [{ key: '', operator: 'Exists' }] },
      'tolerations: runs may not tolerate',
    ],
  ])('is refused %s, by a message that names the field', async (_, trainers, says) => {
    expect(await create(author, make(trainers))).toContain(`${path}.${says}`);
  });

  it('is let have what the cluster lists', async () => {
    const trainers = {
      runtimeClassName: 'nvidia',
      image: 'registry.example.com/trainer:1',
      tolerations: [{ key: 'nvidia.com/gpu', operator: 'Exists' }],
    };
    expect(await create(author, make(trainers))).toBe('created');
  });
});

describe('a run that is there', () => {
  it('is suspended by somebody who could not have made it, but not given another account', async () => {
    const stored = await as(
      'admin',
      'POST',
      collection('trainingruns'),
      run({ serviceAccountName: 'trainer' }),
    );
    expect(stored.code, stored.text).toBe(201);
    const patch = (change: object) =>
      as(author, 'PATCH', `${collection('trainingruns')}/digits`, { spec: change });
    expect(await patch({ suspend: true })).toMatchObject({ code: 200 });
    const refusal = await patch({ trainers: { serviceAccountName: 'admin' } });
    expect(refusal.text).toContain('may not use the service account admin');
    expect(await patch({ trainers: { serviceAccountName: null } })).toMatchObject({ code: 200 });
  });
});

describe('roles for users', () => {
  it.each([
    [viewer, 'get', 'trainingruns.ringmaster.dev', 'yes'],
    [viewer, 'watch', 'trainingsweeps.ringmaster.dev', 'yes'],
    [viewer, 'create', 'trainingruns.ringmaster.dev', 'no'],
    [editor, 'create', 'trainingruns.ringmaster.dev', 'yes'],
    [editor, 'patch', 'trainingsweeps.ringmaster.dev/scale', 'yes'],
    [editor, 'patch', 'trainingruns.ringmaster.dev/status', 'no'],
    [editor, 'update', 'trainingruns.ringmaster.dev/finalizers', 'no'],
    [author, 'create', 'pods', 'no'],
    [author, 'get', 'secrets', 'no'],
  ])('let the %s %s %s: %s', async (user, verb, resource, answer) => {
    const [resourceAndGroup = '', subresource = ''] = resource.split('/');
    const [plural = '', ...group] = resourceAndGroup.split('.');
    const resourceAttributes = { namespace, verb, group: group.join('.'), resource: plural, subresource };
    const review = {
      apiVersion: 'authorization.k8s.io/v1',
      kind: 'SelfSubjectAccessReview',
      spec: { resourceAttributes },
    };
    const { text } = await as(user, 'POST', '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews', review);
    expect(text).toContain(`"allowed":${String(answer === 'yes')}`);
  });
});

/** What the server stores of a run, unknown fields dropped, as it does for clients that do not ask it to refuse them. */
async function storedForm(object: object): Promise<unknown> {
  const { code, body } = await controlPlane.fetch(
    'POST',
    `/apis/ringmaster.dev/v1alpha1/namespaces/${namespace}/trainingruns?dryRun=All&fieldValidation=Ignore`,
    {
      ...object,
      metadata: { ...(isObject(object) && isObject(object.metadata) ? object.metadata : {}), name: 'other' },
    },
  );
  return code === 201 ? body : undefined;
}

/** A pod without the spec of its run, which the supervisor is told of as text. */
function withoutAssignment(pod: Pod): Pod {
  const containers = pod.spec.containers.map((container) => ({
    ...container,
    env: container.env?.filter(({ name, value }) => name !== assignmentVariable || value === '{}') ?? [],
  }));
  return { ...pod, spec: { ...pod.spec, containers } };
}

describe('a run that asks for', () => {
  it('nothing special is stored', async () => {
    expect(await storedForm(run({}))).toBeDefined();
  });

  it.each(escalationsOf(run, namespace))(
    '$what is refused, or its pods have no trace of that',
    async ({ run: object, trace }) => {
      const stored = await storedForm(object);
      const validation = stored === undefined ? undefined : validateTrainingRun(stored);
      if (validation?.ok !== true) return;
      const pod = podOf(validation.run, 1, 0, { trainerImage: 'registry.example.com/trainer:1' });
      expect(JSON.stringify(withoutAssignment(pod))).not.toMatch(trace);
      const { code, body } = await controlPlane.fetch(
        'POST',
        `/api/v1/namespaces/${namespace}/pods?dryRun=All`,
        pod,
      );
      expect(code, JSON.stringify(body)).toBe(201);
    },
  );
});
