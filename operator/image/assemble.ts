import { copyFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { billOfMaterials, type LockFile, type OtherComponent } from './bill-of-materials.ts';
import { bundle, describePackages, type ImageName } from './bundle.ts';
import { notices } from './notices.ts';

/** The part of our package.json that goes into an image. */
interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly license: string;
  readonly type: string;
}

export interface Assembly {
  readonly image: ImageName;
  /** Folder of the sources, with node_modules. */
  readonly root: string;
  /** What else the image will hold. */
  readonly others: readonly OtherComponent[];
}

/** Writes everything of an image that is made from these sources into a folder; the same sources give the same bytes. */
export async function assemble({ image, root, others }: Assembly, folder: string): Promise<void> {
  const text = (file: string) => readFile(path.join(root, file), 'utf8');
  await mkdir(folder, { recursive: true });
  const packages = await describePackages(root, await bundle(image, root, folder));
  const { name, version, license, type } = JSON.parse(await text('package.json')) as Manifest;
  const { packages: locked } = JSON.parse(await text('package-lock.json')) as LockFile;
  const subject = { name: `${name}-${image}`, version };
  // Programs read their version here; `type` makes Node take the bundles for ES modules.
  const manifest = { name, version, license, type };
  await writeFile(path.join(folder, 'package.json'), `${JSON.stringify(manifest, undefined, 2)}\n`);
  await writeFile(path.join(folder, 'bom.cdx.json'), billOfMaterials(subject, packages, locked, others));
  await writeFile(path.join(folder, 'NOTICES.txt'), await notices(root, packages));
  await copyFile(path.join(root, 'LICENSE'), path.join(folder, 'LICENSE'));
}
