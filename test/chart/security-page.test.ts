import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { load } from 'js-yaml';
import { describe, expect, it } from 'vitest';
import { isObject } from '../../operator/api/v1alpha1/wire-guards.ts';
import { shippedCrdFiles } from '../control-plane/install-crd.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const page = readFileSync(join(root, 'docs/security.md'), 'utf8');
const rows = page
  .split('\n')
  .filter((line) => /^\| \d+\./.test(line))
  .map((line) =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );

/** Sources below a folder, tests left aside. */
function sources(folder: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((file) => /\.(ts|mjs|cc)$/.test(file) && !file.endsWith('.spec.ts'))
    .map((file) => join(root, folder, file));
}

/** Paths of the texts, lists and maps of a schema that have no bound. */
function unbounded(schema: unknown, path: string): string[] {
  if (!isObject(schema)) return [];
  const { properties, items, additionalProperties } = schema;
  const isFree = schema['x-kubernetes-preserve-unknown-fields'] === true;
  const isBounded =
    (schema.type !== 'string' ||
      'maxLength' in schema ||
      'enum' in schema ||
      schema.format === 'date-time') &&
    (schema.type !== 'array' || 'maxItems' in schema) &&
    (!isObject(additionalProperties) || 'maxProperties' in schema);
  return [
    ...(isBounded || isFree ? [] : [path]),
    ...Object.entries(isObject(properties) ? properties : {}).flatMap(([key, inner]) =>
      unbounded(inner, `${path}.${key}`),
    ),
    ...unbounded(items, `${path}[]`),
    ...unbounded(additionalProperties, `${path}{}`),
  ];
}

describe('the page on security', () => {
  it('answers all 40 items in order', () => {
    expect(rows.map(([item = '']) => Number.parseInt(item, 10))).toEqual(
      Array.from({ length: 40 }, (_, index) => index + 1),
    );
    for (const row of rows) expect(row, row[0]).toHaveLength(3);
  });

  it.each(rows)('names tests that exist: %s', (_item, _answer, shownBy = '') => {
    if (shownBy === 'documentation') return;
    const tests = [...shownBy.matchAll(/`([^`]+)`(?: "([^"]+)")?/g)];
    expect(tests.length).toBeGreaterThan(0);
    for (const [, file = '', title] of tests) {
      expect(existsSync(join(root, file)), file).toBe(true);
      if (title !== undefined) expect(readFileSync(join(root, file), 'utf8')).toContain(title);
    }
  });
});

describe('the programs', () => {
  it('start no shell', () => {
    const found = ['operator', 'trainer-image'].flatMap(sources).filter((file) => {
      const text = readFileSync(file, 'utf8');
      return /shell: *true|(?<![.\w])exec(Sync)?\((?!\))|from 'node:child_process'.*\bexec\b|\bsystem\(/.test(
        text,
      );
    });
    expect(found).toEqual([]);
  });

  it('install from the lock file, and run no script of a package', () => {
    expect(readFileSync(join(root, '.npmrc'), 'utf8')).toContain('ignore-scripts=true');
    const lock: unknown = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8'));
    const packages = Object.entries(isObject(lock) && isObject(lock.packages) ? lock.packages : {});
    expect(packages.length).toBeGreaterThan(100);
    const loose = packages.filter(
      ([path, entry]) =>
        path !== '' &&
        isObject(entry) &&
        entry.link !== true &&
        entry.inBundle !== true &&
        typeof entry.integrity !== 'string',
    );
    expect(loose.map(([path]) => path)).toEqual([]);
    const manifest = readFileSync(join(root, 'package.json'), 'utf8');
    expect(manifest).not.toMatch(/"[\^~]\d/);
  });
});

describe('the CRDs', () => {
  it.each(shippedCrdFiles)('bounds every text, list and map: %s', (file) => {
    const crd = load(readFileSync(file, 'utf8'));
    const versions =
      isObject(crd) && isObject(crd.spec) && Array.isArray(crd.spec.versions)
        ? (crd.spec.versions as unknown[])
        : [];
    expect(versions).toHaveLength(1);
    const [version] = versions;
    const schema = isObject(version) && isObject(version.schema) ? version.schema.openAPIV3Schema : undefined;
    expect(unbounded(schema, '')).toEqual([]);
  });
});
