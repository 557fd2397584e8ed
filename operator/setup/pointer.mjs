import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';

/**
 * Writes where programs are to `node_modules/.ringmaster/<name>.json`, where the tests look for them.
 * @param {Pick<import('./main.mjs').SetupContext, 'root'>} context
 * @param {string} name
 * @param {Readonly<Record<string, string>>} programs
 */
export async function writePointer(context, name, programs) {
  const pointer = path.join(context.root, 'node_modules', '.ringmaster', `${name}.json`);
  await mkdir(path.dirname(pointer), { recursive: true });
  await writeFile(pointer, `${JSON.stringify(programs)}\n`);
}
