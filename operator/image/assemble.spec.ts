import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { tensorflowVersion } from '../setup/tensorflow-wheel.mjs';
import { assemble } from './assemble.ts';

const runProgram = promisify(execFile);
const root = fileURLToPath(new URL('../..', import.meta.url));
const others = [{ name: 'libc6', version: '2.36', purl: 'pkg:deb/debian/libc6@2.36?arch=amd64' }];

const text = (file: string) => readFile(path.join(root, file), 'utf8');
const { version } = JSON.parse(await text('package.json')) as { readonly version: string };

let folder: string;
const operator = () => path.join(folder, 'operator');
const trainer = () => path.join(folder, 'trainer');

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'ringmaster-image-'));
  await assemble({ image: 'operator', root, others }, operator());
  await assemble({ image: 'trainer', root, others }, trainer());
}, 120_000);
afterAll(() => rm(folder, { recursive: true, force: true }));

/** Digest of every file of a folder, by its path. */
async function digests(of: string): Promise<Record<string, string>> {
  const files = await readdir(of, { recursive: true, withFileTypes: true });
  const entries = files
    .filter((file) => file.isFile())
    .map(async ({ parentPath, name }) => {
      const file = path.join(parentPath, name);
      const digest = createHash('sha256').update(await readFile(file));
      return [path.relative(of, file), digest.digest('hex')] as const;
    });
  return Object.fromEntries(await Promise.all(entries));
}

interface Component {
  readonly name: string;
  readonly purl: string;
  readonly licenses?: readonly { readonly expression: string }[];
  readonly hashes?: readonly { readonly alg: string; readonly content: string }[];
}

async function components(of: string): Promise<Component[]> {
  const text = await readFile(path.join(of, 'bom.cdx.json'), 'utf8');
  return (JSON.parse(text) as { components: Component[] }).components;
}

describe('what goes into an image', () => {
  it('is the same bytes when it is made again', async () => {
    for (const image of ['operator', 'trainer'] as const) {
      const again = path.join(folder, `${image}-again`);
      await assemble({ image, root, others }, again);
      expect(await digests(again)).toEqual(await digests(path.join(folder, image)));
    }
  }, 120_000);

  it('is one program for the operator, which needs nothing beside it and holds no other command', async () => {
    const [bundle, ...rest] = (await readdir(operator(), { recursive: true })).filter((file) =>
      /\.[cm]?js$/.test(file),
    );
    expect(rest).toEqual([]);
    const words = [path.join(operator(), String(bundle))];
    expect((await runProgram(process.execPath, [...words, '--version'])).stdout).toBe(`${version}\n`);
    expect((await runProgram(process.execPath, [...words, 'manager', '--help'])).stdout).toContain('--lease');
    expect((await runProgram(process.execPath, [...words, '--help'])).stdout).not.toContain('submit');
    const misled = ['manager', '--trainer-image=trainer:test', '--kubeconfig=/nowhere'];
    expect(
      await runProgram(process.execPath, [...words, ...misled]).catch((error: unknown) => error),
    ).toMatchObject({
      stderr: expect.stringContaining('the kubeconfig /nowhere cannot be read') as unknown,
    });
  });

  it('starts the trainer, which says in its last words what it lacks', async () => {
    const message = path.join(folder, 'termination-log');
    const ended = await runProgram(
      process.execPath,
      [path.join(trainer(), 'trainer-image/programs/main.js')],
      { env: { RINGMASTER_TERMINATION_LOG: message } },
    ).catch((error: unknown) => error);
    expect(ended).toMatchObject({ code: 64 });
    expect(JSON.parse(await readFile(message, 'utf8'))).toMatchObject({ reason: 'InvalidRecipe' });
  });

  it('speaks S3, which is loaded only when it is needed', async () => {
    const words = ['list', 's3://runs/digits', '--endpoint=http://127.0.0.1:1'];
    const ended = await runProgram(
      process.execPath,
      [path.join(trainer(), 'trainer-image/programs/checkpoints.js'), ...words],
      { env: { AWS_ACCESS_KEY_ID: 'key', AWS_SECRET_ACCESS_KEY: 'secret' } },
    ).catch((error: unknown) => error);
    expect(ended).toMatchObject({
      stderr: expect.stringContaining('the store does not answer') as unknown,
    });
  });

  it('states every package that is inside with its licence and the digest of the lock file, and no other', async () => {
    const listed = await components(operator());
    const packages = listed.filter(({ purl }) => purl.startsWith('pkg:npm/'));
    const names = packages.map(({ name }) => name);
    expect(names).toEqual(expect.arrayContaining(['undici', 'zod', '@kubernetes/client-node']));
    // Installed for the trainer or the tests, but not in here.
    for (const absent of ['@tensorflow/tfjs', 'vitest', 'esbuild']) expect(names).not.toContain(absent);
    for (const { licenses, hashes } of packages) {
      expect(licenses).toHaveLength(1);
      expect(licenses?.[0]?.expression).not.toBe('NOASSERTION');
      expect(hashes?.[0]?.content).toMatch(/^[0-9a-f]{128}$/);
    }
    expect(listed).toContainEqual(expect.objectContaining({ name: 'libc6', version: '2.36' }));
    expect((await components(trainer())).map(({ name }) => name)).toContain('@tensorflow/tfjs');
  });

  it('is labelled with our version, and named with that of the TensorFlow that is installed', async () => {
    const trainerFile = await text('trainer-image/Dockerfile');
    for (const dockerfile of [await text('operator/Dockerfile'), trainerFile])
      expect(dockerfile).toContain(`\nARG VERSION=${version}\n`);
    const named = [...trainerFile.matchAll(/--component (\S+)/g)].map(([, component]) => component);
    for (const wheel of ['tensorflow-cpu', 'tensorflow'])
      expect(named).toContain(`${wheel}=${tensorflowVersion}=pkg:pypi/${wheel}@${tensorflowVersion}`);
    expect(await text('trainer-image/cuda-libraries.txt')).toContain(`for TensorFlow ${tensorflowVersion},`);
  });

  it('brings our licence and those of all packages', async () => {
    expect(await readFile(path.join(operator(), 'LICENSE'), 'utf8')).toContain('Apache License');
    const notices = await readFile(path.join(trainer(), 'NOTICES.txt'), 'utf8');
    for (const { name, purl } of await components(trainer())) {
      if (purl.startsWith('pkg:npm/')) expect(notices).toContain(`${name} `);
    }
  });
});
