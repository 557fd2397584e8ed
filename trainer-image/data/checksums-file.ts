import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { systemErrorCode } from '../../operator/base/errors.ts';
import { InvalidData } from './invalid-data.ts';

const fileName = 'SHA256SUMS';

/**
 * The digests that a folder states for its own files, by file name, or `undefined` if it states none. A
 * folder with a data set of somebody's own lists them in a file `SHA256SUMS`, in the format of sha256sum.
 * @throws InvalidData if the list cannot be read or has a line in another format
 */
export async function readChecksums(folder: string): Promise<ReadonlyMap<string, string> | undefined> {
  const file = path.join(folder, fileName);
  let content: string;
  try {
    content = await readFile(file, 'utf8');
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT' || systemErrorCode(error) === 'ENOTDIR') return undefined;
    throw new InvalidData(`${file} cannot be read; let the trainer read it`, { cause: error });
  }
  const digests = new Map<string, string>();
  for (const [index, line] of content.split('\n').entries()) {
    if (line === '') continue;
    const [, sha256, name] = /^([0-9a-f]{64}) [ *](.+)$/.exec(line) ?? [];
    if (sha256 === undefined || name === undefined) {
      throw new InvalidData(
        `${file}:${index + 1} is not a line of sha256sum: a digest, two spaces and a file name`,
      );
    }
    digests.set(name, sha256);
  }
  return digests;
}
