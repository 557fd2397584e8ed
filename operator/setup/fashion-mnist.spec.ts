import { mkdir, mkdtemp, readdir, readlink, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { fashionMnistFacts } from '../../trainer-image/data/fashion-mnist-facts.ts';
import { digests, fashionMnist } from './fashion-mnist.mjs';

const fileNames = Object.keys(digests).map((name) => `${name}.gz`);
let folder: string;
let target: string;

beforeEach(async () => {
  folder = await realpath(await mkdtemp(path.join(tmpdir(), 'ringmaster-setup-')));
  target = path.join(folder, 'clone', '.ringmaster', 'data', 'fashion-mnist');
});
afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

const fill = async (name: string) => {
  const made = path.join(folder, name);
  await mkdir(made, { recursive: true });
  for (const file of fileNames) await writeFile(path.join(made, file), '');
  return made;
};

interface World {
  readonly install?: () => Promise<boolean>;
  readonly answer?: () => Promise<Response>;
}
const setUp = ({
  install = () => Promise.resolve(false),
  answer = () => Promise.reject(new TypeError('fetch failed', { cause: new Error('no network') })),
}: World = {}) =>
  fashionMnist(
    {
      root: path.join(folder, 'clone'),
      cacheFolder: path.join(folder, 'cache'),
      log: () => undefined,
      installDebianPackage: install,
    },
    { debianFolder: path.join(folder, 'debian'), fetch: answer },
  );

describe('the data of the quickstart', () => {
  it('has the digests that the trainer checks', () => {
    const { training, validation } = fashionMnistFacts;
    const files = [training.images, training.labels, validation.images, validation.labels];
    expect(digests).toEqual(Object.fromEntries(files.map(({ name, sha256 }) => [name, sha256])));
  });

  it('is linked to what Debian has installed, and stays so', async () => {
    const debian = await fill('debian');
    expect(await setUp()).toBe(target);
    expect(await readlink(target)).toBe(debian);
    expect(await setUp()).toBe(target);
    expect(await readdir(path.dirname(target))).toEqual(['fashion-mnist']);
  });

  it('is installed where that is possible', async () => {
    await setUp({ install: () => fill('debian').then(() => true) });
    expect(await readlink(target)).toBe(path.join(folder, 'debian'));
  });

  it('may have been put there by hand', async () => {
    await fill('clone/.ringmaster/data/fashion-mnist');
    expect(await setUp()).toBe(target);
  });

  it('replaces a link that leads nowhere', async () => {
    await mkdir(path.dirname(target), { recursive: true });
    await symlink(path.join(folder, 'gone'), target);
    const debian = await fill('debian');
    await setUp();
    expect(await readlink(target)).toBe(debian);
  });

  it('is not guessed at when the folder is there but not whole', async () => {
    await mkdir(target, { recursive: true });
    await expect(setUp()).rejects.toThrow('put them there, or remove the folder');
  });

  it('names both ways out when it can neither be installed nor downloaded', async () => {
    const failed = setUp();
    await expect(failed).rejects.toThrow('fetch failed: no network');
    await expect(failed).rejects.toThrow('apt-get install -y dataset-fashion-mnist');
    await expect(failed).rejects.toThrow(`into ${target}`);
  });

  it('is not taken from a download of another digest, of which nothing is kept', async () => {
    const failed = setUp({ answer: () => Promise.resolve(new Response(gzipSync('something else'))) });
    await expect(failed).rejects.toThrow(
      'not c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888',
    );
    expect(await readdir(path.join(folder, 'cache', 'fashion-mnist'))).toEqual([]);
  });

  it('is not taken from an answer that is not the file', async () => {
    const failed = setUp({ answer: () => Promise.resolve(new Response('gone', { status: 404 })) });
    await expect(failed).rejects.toThrow('train-images-idx3-ubyte.gz answered 404');
  });
});
