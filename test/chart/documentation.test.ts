import { existsSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { load } from 'js-yaml';
import { describe, expect, it } from 'vitest';
import { SpecFields } from '../../operator/api/v1alpha1/spec.ts';
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

/** The settings of another program, no key of which is one of a run or of the chart. */
function isForeign(part: unknown): boolean {
  const known = { ...SpecFields.shape, ...Values.shape, kind: true };
  return isObject(part) && Object.keys(part).every((key) => !(key in known));
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
    for (const [, block = ''] of text.matchAll(/^```yaml\n(.*?)^```$/gms)) {
      const part = load(block);
      if (Values.safeParse(part).success || isForeign(part)) continue;
      const manifest = {
        apiVersion: 'ringmaster.dev/v1alpha1',
        kind: 'TrainingRun',
        metadata: { name: 'run' },
        spec: {
          data: { format: 'fashion-mnist', train: '/data' },
          checkpoints: { uri: '/checkpoints' },
          ...(isObject(part) ? part : {}),
        },
      };
      const validation = validateTrainingRun(isObject(part) && 'kind' in part ? part : manifest);
      expect(validation.ok ? [] : validation.problems, block).toEqual([]);
    }
  });
});
