import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { otherVersions } from './other-versions.mjs';

const sources = fileURLToPath(new URL('../../test/control-plane', import.meta.url));
let root: string;
let builds: number;

beforeEach(async () => {
  root = await mkdtemp(path.join(tmpdir(), 'ringmaster-other-versions-'));
  builds = 0;
  for (const name of ['go.mod', 'main.go'])
    await cp(path.join(sources, name), path.join(root, 'test/control-plane', name));
});
afterEach(() => rm(root, { recursive: true, force: true }));

/** Sets up with a Go that writes an empty program; where the next control plane is then. */
async function setUp(): Promise<string> {
  await otherVersions({
    ...{ root, cacheFolder: path.join(root, 'cache') },
    log: () => undefined,
    run: async (_, words, { cwd } = {}) => {
      if (words.includes('build')) {
        builds += 1;
        await writeFile(path.join(String(cwd), 'testcluster'), '');
      }
      return { code: 0, stdout: words.includes('GOVERSION') ? 'go1.26.6\n' : '' };
    },
    installDebianPackage: () => Promise.resolve(false),
  });
  const pointer = await readFile(path.join(root, 'node_modules/.ringmaster/other-versions.json'), 'utf8');
  return (JSON.parse(pointer) as { readonly controlPlane: string }).controlPlane;
}

describe('the control plane of the next Kubernetes', () => {
  it('is built once', async () => {
    expect(await setUp()).toBe(await setUp());
    expect(builds).toBe(1);
  });

  it.each(['go.mod', 'main.go'])('is built again when %s of its sources has changed', async (name) => {
    const before = await setUp();
    const file = path.join(root, 'test/control-plane', name);
    await writeFile(file, `${await readFile(file, 'utf8')}\n// Changed.\n`);
    expect(await setUp()).not.toBe(before);
    expect(builds).toBe(2);
  });
});
