import { mkdir, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { dependencies } from './dependencies.mjs';

it('empties no packages that a link to another tree shares', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'ringmaster-dependencies-'));
  try {
    const root = join(folder, 'clone');
    await mkdir(root);
    await mkdir(join(folder, 'shared', 'package'), { recursive: true });
    await symlink(join(folder, 'shared'), join(root, 'node_modules'));
    await writeFile(join(root, 'package-lock.json'), '{}');
    const run = () => Promise.reject(new Error('npm was called'));
    await expect(dependencies({ root, log: () => undefined, run })).rejects.toThrow(/remove the link/);
    expect(await readdir(join(folder, 'shared'))).toEqual(['package']);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
