import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, readFile, rename } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import type { Buildah } from './buildah.ts';

const runProgram = promisify(execFile);

/** Settings by which programs find the authorities that this machine trusts, such as those of a proxy. */
const trustVariables = ['NODE_EXTRA_CA_CERTS', 'PIP_CERT', 'SSL_CERT_FILE'];
const hostAuthorities = '/etc/ssl/certs/ca-certificates.crt';
/** Not where Debian's package ca-certificates would write its own. */
const authorities = '/usr/local/share/host-ca-certificates.crt';

/** Tags of the bases that stand in for those of the registry. */
export interface BaseImages {
  /** A Debian of essential packages, as debian:12-slim. */
  readonly debian: string;
  /** The same with Node 24 and npm, as node:24-bookworm-slim. */
  readonly node: string;
}

/**
 * Makes the images that the Dockerfiles build on, from Debian's packages, as no registry of images may be in reach.
 * @param folder where the root file system is kept
 * @param node this process's Node, and a folder with npm
 */
export async function makeBaseImages(
  buildah: Buildah,
  folder: string,
  node: { readonly program: string; readonly npmFolder: string },
): Promise<BaseImages> {
  const manifest = await readFile(path.join(node.npmFolder, 'package.json'), 'utf8');
  const npmVersion = (JSON.parse(manifest) as { version: string }).version;
  const debian = 'localhost/test/debian:12-slim';
  const withNode = `localhost/test/node:${process.versions.node}-npm-${npmVersion}`;
  if (!(await buildah.exists(debian))) await commitDebian(buildah, folder, debian);
  if (!(await buildah.exists(withNode))) {
    const container = await buildah.run(['from', '--pull-never', debian]);
    await buildah.run(['copy', container, node.program, '/usr/local/bin/node']);
    await buildah.run(['copy', container, node.npmFolder, '/usr/local/lib/node_modules/npm']);
    const npm = '/usr/local/lib/node_modules/npm/bin/npm-cli.js';
    await buildah.run(['run', container, '--', 'ln', '-s', npm, '/usr/local/bin/npm']);
    await buildah.run(['commit', '--quiet', '--rm', container, withNode]);
  }
  return { debian, node: withNode };
}

async function commitDebian(buildah: Buildah, folder: string, tag: string): Promise<void> {
  const archive = path.join(folder, 'debian.tar');
  if (!existsSync(archive)) {
    await mkdir(folder, { recursive: true });
    const partial = `${archive}.partial-${process.pid}`;
    await runProgram('mmdebstrap', ['--variant=minbase', '--format=tar', 'bookworm', partial]);
    await rename(partial, archive);
  }
  const container = await buildah.run(['from', 'scratch']);
  await buildah.run(['add', container, archive, '/']);
  for (const name of trustVariables.filter((variable) => process.env[variable] !== undefined)) {
    await buildah.run(['config', `--env=${name}=${authorities}`, container]);
  }
  if (existsSync(hostAuthorities)) await buildah.run(['copy', container, hostAuthorities, authorities]);
  await buildah.run(['commit', '--quiet', '--rm', container, tag]);
}
