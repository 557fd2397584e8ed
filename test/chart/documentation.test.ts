import { existsSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { load } from 'js-yaml';
import { describe, expect, it } from 'vitest';
import { validateTrainingRun } from '../../operator/api/v1alpha1/validate.ts';
import { isObject } from '../../operator/api/v1alpha1/wire-guards.ts';
import { Values } from '../../charts/values/values.ts';
import { pages } from './documentation.ts';

const readme = new URL('../../README.md', import.meta.url);
const all = [readme, ...pages].map((url) => ({
  name: basename(url.pathname),
  url,
  text: readFileSync(url, 'utf8'),
}));

/** Anchors of a page as GitHub makes them of its headings. */
function anchors(text: string): Set<string> {
  const headings = [...text.matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) => heading);
  return new Set(
    headings.map((heading) =>
      heading
        .toLowerCase()
        .replace(/[^\p{L}\p{N}\- _]/gu, '')
        .replaceAll(' ', '-'),
    ),
  );
}

/** Top keys of the settings of other programs that a page shows; whatever else a block has is ours and is checked. */
const keysOfOthers: ReadonlySet<string> = new Set([
  // Kueue's Configuration.
  'integrations',
]);

/** Whether a block is of another program, all of it. */
function isForeign(part: Readonly<Record<string, unknown>>): boolean {
  return Object.keys(part).every((key) => keysOfOthers.has(key));
}

/** What is wrong with a block of YAML as values of the chart, a manifest, or a part of the spec of a run. */
function problemsOf(block: string): readonly unknown[] {
  const part = load(block);
  if (!isObject(part) || Object.keys(part).length === 0) return ['it is no object with keys'];
  if (Values.safeParse(part).success || isForeign(part)) return [];
  const manifest = {
    apiVersion: 'ringmaster.dev/v1alpha1',
    kind: 'TrainingRun',
    metadata: { name: 'run' },
    spec: {
      data: { format: 'fashion-mnist', train: '/data' },
      checkpoints: { uri: '/checkpoints' },
      ...part,
    },
  };
  const validation = validateTrainingRun('kind' in part ? part : manifest);
  return validation.ok ? [] : validation.problems;
}

describe('the page', () => {
  it.each(all)('$name links to pages and headings that exist', ({ url, text }) => {
    const targets = [...text.matchAll(/\]\((?!https?:)([^)\s]+)\)/g)].map(([, target = '']) => target);
    const broken = targets.filter((target) => {
      const [path = '', anchor] = target.split('#');
      const file = path === '' ? url : new URL(path, url);
      if (!existsSync(file)) return true;
      return anchor !== undefined && !anchors(readFileSync(file, 'utf8')).has(anchor);
    });
    expect(broken).toEqual([]);
  });

  it.each(all)('$name shows YAML that is valid: values of the chart, or parts of a run', ({ text }) => {
    for (const [, block = ''] of text.matchAll(/^```yaml\n(.*?)^```$/gms))
      expect(problemsOf(block), block).toEqual([]);
  });

  it.each([
    ['a key that is misspelt', 'recipee: { epochs: 3 }\n'],
    ["a key that is misspelt beside another program's", 'integrations: {}\nrecipee: {}\n'],
    ['a list', '- recipe\n'],
    ['nothing', '{}\n'],
  ])('may not show %s', (_, block) => {
    expect(problemsOf(block)).not.toEqual([]);
  });
});
