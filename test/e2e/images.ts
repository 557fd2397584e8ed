import { existsSync } from 'node:fs';
import { mkdir, readdir, rename, rm } from 'node:fs/promises';
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

/** Archives of {@link images} for containerd. */
export type ImageArchives = Readonly<Record<keyof typeof images, string>>;

/**
 * Builds the images of this repository from their own Dockerfiles, on bases made here, and saves them.
 * @param folder where layers and archives are kept between runs
 */
export async function buildImages(
  folder: string,
  node: { readonly program: string; readonly npmFolder: string },
  report: (line: string) => void,
): Promise<{ readonly buildah: Buildah; readonly archives: ImageArchives }> {
  const buildah = openBuildah(path.join(folder, 'buildah'));
  report('base images');
  const bases = await makeBaseImages(buildah, folder, node);
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
  const archiveFolder = path.join(folder, 'archives');
  await mkdir(archiveFolder, { recursive: true });
  const archives = {
    operator: await saveImage(buildah, images.operator, archiveFolder),
    trainer: await saveImage(buildah, images.trainer, archiveFolder),
    pause: await saveImage(buildah, images.pause, archiveFolder),
  };
  const current = Object.values(archives);
  for (const file of (await readdir(archiveFolder)).map((name) => path.join(archiveFolder, name)))
    if (!current.includes(file)) await rm(file);
  return { buildah, archives };
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
