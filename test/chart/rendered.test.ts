import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { isObject } from '../../operator/api/v1alpha1/wire-guards.ts';
import { chartFolder, helm, kubeVersion, render, setting, type Rendered } from './helm.ts';
import { valueFiles, withPrometheus } from './value-files.ts';
import { wrongValues } from './wrong-values.ts';

/** Every value anywhere in an object, with the path that leads to it. */
function everyValue(value: unknown, path = ''): [string, unknown][] {
  if (Array.isArray(value)) return value.flatMap((inner, index) => everyValue(inner, `${path}[${index}]`));
  if (isObject(value))
    return Object.entries(value).flatMap(([key, inner]) => [
      [`${path}.${key}`, inner] as [string, unknown],
      ...everyValue(inner, `${path}.${key}`),
    ]);
  return [];
}

const named = ({ kind, metadata }: Rendered) => `${kind} ${metadata.name}`;

describe('the values of the chart', () => {
  it.each(valueFiles)('$name pass `helm lint --strict`', async ({ file }) => {
    expect(await helm(['lint', '--strict', chartFolder, kubeVersion, `--values=${file}`])).toContain(
      '0 chart(s) failed',
    );
  });

  it.each(wrongValues)('are refused with $what, by a message that leads there', async ({ values, says }) => {
    const message = await render(setting(values)).then(
      () => 'they were taken',
      (error: unknown) => String(error),
    );
    expect(message).toContain(says);
  });

  it('are each refused in some wrong form', () => {
    const schema: unknown = JSON.parse(readFileSync(`${chartFolder}/values.schema.json`, 'utf8'));
    const properties = isObject(schema) && isObject(schema.properties) ? Object.keys(schema.properties) : [];
    const tried = new Set(
      wrongValues.flatMap(({ values }) => Object.keys(values).map((key) => key.split('.')[0])),
    );
    expect(properties.filter((key) => !tried.has(key))).toEqual(['global']);
  });

  it('refuse unknown keys at every level that has known ones', () => {
    const schema: unknown = JSON.parse(readFileSync(`${chartFolder}/values.schema.json`, 'utf8'));
    const open = everyValue({ schema }).filter(
      ([, part]) =>
        isObject(part) && isObject(part.properties) && 'type' in part && part.additionalProperties !== false,
    );
    expect(open.map(([path]) => path)).toEqual([]);
  });
});

describe.each(valueFiles)('what the chart makes of $name', ({ file }) => {
  const objects = render([`--values=${file}`, withPrometheus]);
  const podSpecs = async () =>
    (await objects).flatMap((object) =>
      everyValue(object)
        .filter(([path, part]) => path.endsWith('.template.spec') && isObject(part))
        .map(([, part]) => part as Record<string, unknown>),
    );

  it('has no wildcard in any rule', async () => {
    const wildcards = (await objects)
      .filter(({ kind }) => kind.endsWith('Role'))
      .flatMap((object) =>
        everyValue(object.rules)
          .filter(([, part]) => Array.isArray(part) && part.includes('*'))
          .map(() => named(object)),
      );
    expect(wildcards).toEqual([]);
  });

  it('names every image by digest or by a tag that is not latest', async () => {
    const images = (await objects).flatMap((object) =>
      everyValue(object.spec).flatMap(([path, part]) =>
        path.endsWith('.image') && typeof part === 'string' && object.kind === 'Deployment' ? [part] : [],
      ),
    );
    expect(images.length).toBeGreaterThan(0);
    for (const image of images) expect(image).toMatch(/(@sha256:[a-f0-9]{64}|:(?!latest$)[\w.-]+)$/);
  });

  it('locks every container up', async () => {
    const specs = await podSpecs();
    expect(specs.length).toBeGreaterThan(0);
    for (const spec of specs) {
      expect(spec.securityContext).toMatchObject({
        runAsNonRoot: true,
        seccompProfile: { type: 'RuntimeDefault' },
      });
      for (const container of spec.containers as Record<string, unknown>[]) {
        expect(container.securityContext).toEqual({
          allowPrivilegeEscalation: false,
          readOnlyRootFilesystem: true,
          capabilities: { drop: ['ALL'] },
        });
        expect(container.resources).toMatchObject({
          requests: { cpu: expect.anything() as unknown, memory: expect.anything() as unknown },
          limits: { memory: expect.anything() as unknown },
        });
      }
    }
  });

  it('shares nothing of the node and mounts nothing but what is named', async () => {
    const text = JSON.stringify(await podSpecs());
    expect(text).not.toMatch(/host(Path|Network|PID|IPC|Port)|privileged|nodeName|"emptyDir"/);
    for (const spec of await podSpecs())
      for (const volume of (spec.volumes ?? []) as object[])
        expect(Object.keys(volume)).toEqual(['name', 'secret']);
  });

  it('labels every object as of this release, and gives each its namespace', async () => {
    for (const object of await objects) {
      expect(object.metadata.labels, named(object)).toMatchObject({
        'app.kubernetes.io/name': 'ringmaster',
        'app.kubernetes.io/part-of': 'ringmaster',
        'app.kubernetes.io/managed-by': 'Helm',
      });
      const isClusterWide = /^(Cluster|Validating|Custom)/.test(object.kind);
      expect(object.metadata.namespace === undefined, named(object)).toBe(isClusterWide);
    }
  });

  it('has every object once', async () => {
    const names = (await objects).map((object) => `${named(object)} ${object.metadata.namespace ?? ''}`);
    expect(names).toEqual([...new Set(names)]);
  });
});

describe('the chart', () => {
  const kinds = async (...args: string[]) => new Set((await render(args)).map(({ kind }) => kind));
  const valuesOf = (name: string) => `--values=${valueFiles.find((file) => file.name === name)?.file ?? ''}`;

  it('makes nothing of the whole cluster for one who watches one namespace and may make nothing else', async () => {
    const made = await kinds(valuesOf('one-namespace'));
    expect([...made].filter((kind) => /^(Cluster|Validating|Custom)/.test(kind))).toEqual([]);
  });

  it('keeps the CRDs of a release that goes, unless told not to', async () => {
    const annotations = async (...args: string[]) =>
      (await render(args))
        .filter(({ kind }) => kind === 'CustomResourceDefinition')
        .map(({ metadata }) => ('annotations' in metadata ? metadata.annotations : {}));
    const kept = { 'helm.sh/resource-policy': 'keep' };
    expect(await annotations()).toEqual([kept, kept]);
    expect(await annotations(...setting({ 'crds.keep': false }))).toEqual([{}, {}]);
    expect(await annotations(...setting({ 'crds.install': false }))).toEqual([]);
  });

  it('denies what its policies cannot judge', async () => {
    const objects = await render();
    const specsOf = (wanted: string) => objects.filter(({ kind }) => kind === wanted).map(({ spec }) => spec);
    const policies = specsOf('ValidatingAdmissionPolicy');
    expect(policies).toHaveLength(2);
    for (const policy of policies) expect(policy).toMatchObject({ failurePolicy: 'Fail' });
    for (const binding of specsOf('ValidatingAdmissionPolicyBinding'))
      expect(binding).toMatchObject({ validationActions: ['Deny'] });
  });

  it('makes a disruption budget only where one replica is left', async () => {
    expect(await kinds()).toContain('PodDisruptionBudget');
    expect(await kinds(valuesOf('single-replica'))).not.toContain('PodDisruptionBudget');
  });

  it('lets the operator reach trainers of all namespaces, or of the one it watches', async () => {
    const trainers = async (...args: string[]) => {
      const policy = (await render(args)).find(({ kind }) => kind === 'NetworkPolicy');
      const { egress } = policy?.spec as { egress: { to?: object[] }[] };
      return egress.flatMap(({ to = [] }) => to);
    };
    expect(await trainers()).toMatchObject([{ namespaceSelector: {} }]);
    expect(await trainers(valuesOf('watch-one-namespace'))).toMatchObject([
      { namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'vision' } } },
    ]);
  });

  it('takes an image by its digest before its tag', async () => {
    const text = JSON.stringify(
      await render([valuesOf('by-digest'), ...setting({ 'image.tag': 'ignored' })]),
    );
    expect(text).toContain(`ringmaster/operator@sha256:${'0'.repeat(63)}1`);
    expect(text).toContain(`--trainer-image=ringmaster/trainer@sha256:${'0'.repeat(63)}2`);
    expect(text).not.toContain('ignored');
  });
});
