import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { makeBaseImages } from './base-images.ts';
import { openBuildah, type Buildah } from './buildah.ts';
import { pauseImage } from './node.ts';

/** Tags of the images that the Dockerfiles make. */
export const images = {
  operator: 'localhost/ringmaster/operator:test',
  trainer: 'localhost/ringmaster/trainer:test',
  pause: pauseImage,
} as const;

/** The trainer with CUDA, which is large and built only when it is asked for. */
export const cudaImage = 'localhost/ringmaster/trainer:test-cuda';

/** What the tests are told of the images that were built before them. */
interface HandedOver {
  /** Archives of {@link images} for containerd. */
  readonly archives: Readonly<Record<keyof typeof images, string>>;
}

const handOver = 'images.json';

/** The folder of this run of the tests, which `test/e2e/main.ts` made. */
export function runFolder(): string {
  const folder = process.env.RINGMASTER_E2E_FOLDER;
  if (folder === undefined) throw new Error('run these tests with: npm run test:e2e');
  return folder;
}

/** Where buildah keeps the images. */
export function imagesFolder(): string {
  return path.join(runFolder(), 'buildah');
}

export async function handedOver(): Promise<HandedOver> {
  return JSON.parse(await readFile(path.join(runFolder(), handOver), 'utf8')) as HandedOver;
}

/** What images are built with. */
export interface Building {
  /** Where layers and archives are kept between runs. */
  readonly cache: string;
  /** The folder of this run. */
  readonly target: string;
  readonly node: { readonly program: string; readonly npmFolder: string };
  readonly report: (line: string) => void;
}

async function openBuilding({ cache, target, node, report }: Building) {
  const folder = path.join(cache, 'buildah');
  await mkdir(folder, { recursive: true });
  await symlink(folder, path.join(target, 'buildah'));
  const buildah = openBuildah(folder);
  report('base images');
  return { buildah, bases: await makeBaseImages(buildah, cache, node) };
}

/** Builds the trainer with CUDA from its Dockerfile. */
export async function buildCudaImage(building: Building): Promise<void> {
  const { buildah, bases } = await openBuilding(building);
  building.report('image of the trainer with CUDA');
  await buildah.build({
    dockerfile: 'trainer-image/Dockerfile',
    target: 'cuda',
    tag: cudaImage,
    arguments: { NODE_IMAGE: bases.node, BASE_IMAGE: bases.debian },
  });
}

/** Builds the images of this repository from their own Dockerfiles, on bases made here, and saves them. */
export async function buildImages(building: Building): Promise<void> {
  const { cache, target, report } = building;
  const { buildah, bases } = await openBuilding(building);
  report('image of the operator');
  await buildah.build({
    dockerfile: 'operator/Dockerfile',
    tag: images.operator,
    arguments: { NODE_IMAGE: bases.node },
  });
  report('image of the trainer');
  await buildah.build({
    dockerfile: 'trainer-image/Dockerfile',
    target: 'cpu',
    tag: images.trainer,
    arguments: { NODE_IMAGE: bases.node, BASE_IMAGE: bases.debian },
  });
  if (!(await buildah.exists(images.pause))) {
    const container = await buildah.run(['from', '--pull-never', bases.debian]);
    await buildah.run(['config', '--entrypoint=["/bin/sleep", "infinity"]', container]);
    await buildah.run(['commit', '--quiet', '--rm', container, images.pause]);
  }
  report('archives');
  const archiveFolder = path.join(cache, 'archives');
  await mkdir(archiveFolder, { recursive: true });
  const archives = {
    operator: await saveImage(buildah, images.operator, archiveFolder),
    trainer: await saveImage(buildah, images.trainer, archiveFolder),
    pause: await saveImage(buildah, images.pause, archiveFolder),
  };
  // Those of earlier builds would pile up.
  const current = Object.values(archives);
  for (const file of (await readdir(archiveFolder)).map((name) => path.join(archiveFolder, name)))
    if (!current.includes(file)) await rm(file);
  const told: HandedOver = { archives };
  await writeFile(path.join(target, handOver), JSON.stringify(told));
}

/** An archive is named after what is in it, and written once. */
async function saveImage(buildah: Buildah, image: string, folder: string): Promise<string> {
  const id = await buildah.run(['inspect', '--type=image', '--format={{.FromImageID}}', image]);
  const file = path.join(folder, `${id.slice(0, 16)}.tar`);
  if (!existsSync(file)) {
    await rm(`${file}.partial`, { force: true });
    await buildah.save(image, `${file}.partial`);
    await rename(`${file}.partial`, file);
  }
  return file;
}
