import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { assemble } from './assemble.ts';
import type { OtherComponent } from './bill-of-materials.ts';

/*
 * `node operator/image/main.ts operator|trainer FOLDER [--component NAME=VERSION=PURL]... [--debian-packages FILE]`:
 * writes what the Dockerfile of an image copies. The file has a name, a version and an architecture a line.
 */
const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: {
    component: { type: 'string', multiple: true, default: [] },
    'debian-packages': { type: 'string' },
  },
});
const [image, folder] = positionals;
if ((image !== 'operator' && image !== 'trainer') || folder === undefined) {
  process.stderr.write('usage: node operator/image/main.ts operator|trainer FOLDER\n');
  process.exitCode = 64;
} else {
  const root = fileURLToPath(new URL('../..', import.meta.url));
  const others = [
    { name: 'node', version: process.versions.node, purl: `pkg:generic/node@${process.versions.node}` },
    ...values.component.map(namedComponent),
    ...(await debianPackages(values['debian-packages'])),
  ];
  await assemble({ image, root, others }, folder);
}

function namedComponent(text: string): OtherComponent {
  const [name = '', version = '', purl = ''] = text.split('=');
  return { name, version, purl };
}

async function debianPackages(file: string | undefined): Promise<OtherComponent[]> {
  if (file === undefined) return [];
  const lines = (await readFile(file, 'utf8')).split('\n').filter((line) => line !== '');
  return lines.map((line) => {
    const [name = '', version = '', architecture = ''] = line.split(' ');
    const purl = `pkg:deb/debian/${name}@${encodeURIComponent(version)}?arch=${architecture}`;
    return { name, version, purl };
  });
}
