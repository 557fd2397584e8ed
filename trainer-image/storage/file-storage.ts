import { randomUUID } from 'node:crypto';
import { createReadStream, type Dirent } from 'node:fs';
import {
  access,
  copyFile,
  link,
  mkdir,
  open,
  readFile,
  readdir,
  rename,
  rm,
  rmdir,
  stat,
} from 'node:fs/promises';
import path from 'node:path';
import { systemErrorCode } from '../../operator/base/errors.ts';
import { checkedKey } from './checked-key.ts';
import { StorageError, toStorageError } from './storage-error.ts';
import { joinKey, type Storage, type StorageSource, type StoredObject } from './storage.ts';

/** The name of a file that is still being written. */
const partialName = /^.+\.ringmaster-partial-[0-9a-f-]{36}$/;

/**
 * Objects as files below a folder. A file is written under another name beside its own, flushed to disk, then
 * renamed, and the folder flushed: rename replaces atomically within a file system, and only a flushed folder
 * survives power loss.
 */
export function openFileStorage(folder: string): Storage {
  const root = path.resolve(folder);
  const pathOf = (key: string) => path.join(root, checkedKey(key));

  return {
    uri: root,

    async put(key, source, options = {}) {
      const target = pathOf(key);
      const partial = `${target}.ringmaster-partial-${randomUUID()}`;
      try {
        await makeFolder(path.dirname(target));
        await writeDurably(partial, source);
        if (options.ifAbsent === true) {
          const linked = await linkIfAbsent(partial, target);
          await rm(partial);
          if (!linked) return 'exists';
        } else {
          await rename(partial, target);
        }
        await syncFolder(path.dirname(target));
        return 'written';
      } catch (error) {
        await rm(partial, { force: true }).catch(() => undefined); // The first error is the one to report.
        throw toStorageError(`write ${target}`, error);
      }
    },

    async get(key) {
      const file = pathOf(key);
      return readFile(file).catch((error: unknown) => {
        throw toStorageError(`read ${file}`, error);
      });
    },

    async getRange(key, offset, length) {
      const file = pathOf(key);
      try {
        return await readFileRange(file, offset, length);
      } catch (error) {
        throw toStorageError(`read ${file}`, error);
      }
    },

    async *read(key) {
      const file = pathOf(key);
      try {
        for await (const piece of createReadStream(file, { highWaterMark: 2 ** 20 })) {
          if (piece instanceof Uint8Array) yield piece;
        }
      } catch (error) {
        throw toStorageError(`read ${file}`, error);
      }
    },

    async download(key, file) {
      const source = pathOf(key);
      await copyFile(source, file).catch((error: unknown) => {
        throw toStorageError(`copy ${source} to ${file}`, error);
      });
    },

    async exists(key) {
      const file = pathOf(key);
      return access(file).then(
        () => true,
        (error: unknown) => {
          const fault = toStorageError(`look for ${file}`, error);
          if (fault.fault === 'NotFound') return false;
          throw fault;
        },
      );
    },

    async list(prefix) {
      const found: StoredObject[] = [];
      await visitFiles(prefix === '' ? root : pathOf(prefix), prefix, async (entry, key) => {
        if (partialName.test(entry.name)) return;
        const { size } = await stat(path.join(entry.parentPath, entry.name));
        found.push({ key, sizeBytes: size });
      });
      return found.sort((a, b) => (a.key < b.key ? -1 : 1));
    },

    async delete(key) {
      const file = pathOf(key);
      try {
        await rm(file, { force: true });
        await syncFolder(path.dirname(file));
        await removeEmptyFolders(path.dirname(file), root);
      } catch (error) {
        if (systemErrorCode(error) !== 'ENOENT') throw toStorageError(`delete ${file}`, error);
      }
    },

    async deletePartials(prefix) {
      await visitFiles(prefix === '' ? root : pathOf(prefix), prefix, async (entry) => {
        if (!partialName.test(entry.name)) return;
        const file = path.join(entry.parentPath, entry.name);
        await rm(file, { force: true });
        await removeEmptyFolders(entry.parentPath, root);
      });
    },
  };
}

/** `length` bytes of a file from `offset` on. @throws StorageError if it is shorter */
export async function readFileRange(file: string, offset: number, length: number): Promise<Buffer> {
  const handle = await open(file, 'r');
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.allocUnsafe(length), 0, length, offset);
    if (bytesRead === length) return buffer;
    throw new StorageError('Truncated', `${file} has only ${offset + bytesRead} bytes`);
  } finally {
    await handle.close();
  }
}

async function writeDurably(file: string, source: StorageSource): Promise<void> {
  const handle = await open(file, 'wx', 0o644);
  try {
    if ('bytes' in source) await handle.writeFile(source.bytes);
    else await handle.writeFile(createReadStream(source.file, { highWaterMark: 2 ** 20 }));
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** A hard link, unlike a rename, fails if the name is taken. */
async function linkIfAbsent(file: string, target: string): Promise<boolean> {
  try {
    await link(file, target);
    return true;
  } catch (error) {
    if (systemErrorCode(error) === 'EEXIST') return false;
    throw error;
  }
}

/** Makes a folder and those above it, and flushes each into the one that holds it. */
async function makeFolder(folder: string): Promise<void> {
  const first = await mkdir(folder, { recursive: true });
  if (first === undefined) return;
  for (let made = folder; made.length >= first.length; made = path.dirname(made)) {
    await syncFolder(path.dirname(made));
  }
}

async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function removeEmptyFolders(folder: string, root: string): Promise<void> {
  for (let empty = folder; empty.startsWith(`${root}${path.sep}`); empty = path.dirname(empty)) {
    try {
      await rmdir(empty);
    } catch {
      return; // Not empty, or gone already.
    }
  }
}

async function visitFiles(
  folder: string,
  prefix: string,
  visit: (entry: Dirent, key: string) => Promise<void>,
): Promise<void> {
  try {
    for (const entry of await readdir(folder, { withFileTypes: true })) {
      const key = joinKey(prefix, entry.name);
      if (entry.isDirectory()) await visitFiles(path.join(folder, entry.name), key, visit);
      else if (entry.isFile()) await visit(entry, key);
    }
  } catch (error) {
    const fault = toStorageError(`list ${folder}`, error);
    if (fault.fault !== 'NotFound') throw fault;
  }
}
