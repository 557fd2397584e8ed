import { execFile } from 'node:child_process';
import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, it } from 'vitest';
import { openBuildah, type Buildah } from './buildah.ts';
import { cudaImage, imagesFolder } from './images.ts';

const runProgram = promisify(execFile);

/** What TensorFlow opens when it finds a GPU (`tsl/platform/default/dso_loader.cc`), with the versions of its build. */
const libraries = [
  ...['libcudart.so.12', 'libcublas.so.12', 'libcublasLt.so.12', 'libcudnn.so.9', 'libcufft.so.11'],
  ...['libcusolver.so.11', 'libcusparse.so.12', 'libnccl.so.2'],
];

/** Where the dynamic loader looks for what a library asks for. */
async function runPath(library: string): Promise<string[]> {
  const { stdout } = await runProgram('readelf', ['--dynamic', '--wide', library]);
  return (/\(RUNPATH\).*\[(.*)\]/.exec(stdout)?.[1] ?? '').split(':');
}

let buildah: Buildah;
beforeAll(() => {
  buildah = openBuildah(imagesFolder());
});

describe('the image of the trainer with CUDA', () => {
  it("has each of NVIDIA's libraries where TensorFlow's own libraries look for it, and nothing that built it", async () => {
    await buildah.withFiles(cudaImage, async (folder) => {
      const files = await readdir(folder, { recursive: true });
      const searched = new Set<string>();
      for (const file of files.filter((each) => /\/libtensorflow_(cc|framework)\.so\.2$/.test(each)))
        for (const entry of await runPath(path.join(folder, file)))
          searched.add(path.normalize(entry.replace('$ORIGIN', path.dirname(file))));
      const found = libraries.filter((name) =>
        [...searched].some((each) => files.includes(path.join(each, name))),
      );
      expect(found).toEqual(libraries);
      expect(files).not.toContain('usr/bin/g++');
    });
  });

  it('runs as an account without rights and trains, on processors where there is no GPU', async () => {
    expect(await buildah.config(cudaImage)).toMatchObject({ User: '65532:65532' });
    const world = ['--ranks', '1', '--depth', '18', '--image-size', '32', '--batch', '2', '--threads', '1'];
    const steps = ['--precision', 'float32', '--steps', '2', '--warmup-steps', '1', '--json'];
    const program = '/opt/ringmaster/trainer-image/programs/throughput.js';
    const container = await buildah.run(['from', '--pull-never', cudaImage]);
    try {
      const output = await buildah.run([
        'run',
        container,
        '--',
        '/usr/bin/node',
        program,
        ...world,
        ...steps,
      ]);
      expect(JSON.parse(output)).toMatchObject({ ranks: 1 });
    } finally {
      await buildah.run(['rm', container]);
    }
  });
});
