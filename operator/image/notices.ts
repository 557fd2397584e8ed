import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import type { BundledPackage } from './bundle.ts';

/** Names of files that say under which terms a package may be passed on. */
const legalFile = /^(licen[cs]e|notice|copying)([.-].*)?$/i;

/** The licences and notices of the packages of a bundle, as their terms ask those to who pass them on. */
export async function notices(root: string, packages: readonly BundledPackage[]): Promise<string> {
  const parts = await Promise.all(
    packages.map(async ({ folder, name, version, license }) => {
      const files = (await readdir(path.join(root, folder))).filter((file) => legalFile.test(file)).sort();
      const texts = await Promise.all(
        files.map(async (file) => (await readFile(path.join(root, folder, file), 'utf8')).trim()),
      );
      return [`${name} ${version}, ${license}`, ...texts].join('\n\n');
    }),
  );
  return `${parts.join(`\n\n${'-'.repeat(80)}\n\n`)}\n`;
}
