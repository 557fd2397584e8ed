import { mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openFileStorage } from './file-storage.ts';
import type { Storage } from './storage.ts';

let folder: string;
let storage: Storage;

beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'ringmaster-storage-'));
  storage = openFileStorage(path.join(folder, 'deep', 'root'));
});
afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

const bytes = (content: string) => ({ bytes: Buffer.from(content) });
const partial = (name: string) => `${name}.ringmaster-partial-00000000-0000-4000-8000-000000000000`;

describe('a folder as storage', () => {
  it('gives back what was put, from memory and from a file', async () => {
    const source = path.join(folder, 'source');
    await writeFile(source, 'from a file');
    await storage.put('run/a', bytes('from memory'));
    await storage.put('run/b', { file: source });

    expect((await storage.get('run/a')).toString()).toBe('from memory');
    expect((await storage.get('run/b')).toString()).toBe('from a file');
    expect(await text(storage.read('run/b'))).toBe('from a file');
    await storage.download('run/b', path.join(folder, 'copy'));
    expect(await readFile(path.join(folder, 'copy'), 'utf8')).toBe('from a file');
  });

  it('replaces an object, or leaves it if asked to', async () => {
    expect(await storage.put('key', bytes('one'), { ifAbsent: true })).toBe('written');
    expect(await storage.put('key', bytes('two'), { ifAbsent: true })).toBe('exists');
    expect((await storage.get('key')).toString()).toBe('one');
    expect(await storage.put('key', bytes('three'))).toBe('written');
    expect((await storage.get('key')).toString()).toBe('three');
    expect(await readdir(storage.uri)).toEqual(['key']);
  });

  it('lets one of many writers win when the key must be absent', async () => {
    const outcomes = await Promise.all(
      ['a', 'b', 'c', 'd'].map((content) => storage.put('key', bytes(content), { ifAbsent: true })),
    );
    expect(outcomes.filter((outcome) => outcome === 'written')).toHaveLength(1);
  });

  it('lists below a prefix, sorted, with sizes', async () => {
    for (const key of ['run/b', 'run/a/x', 'run-2/c', 'run/a/w']) await storage.put(key, bytes(key));
    expect(await storage.list('run')).toEqual([
      { key: 'run/a/w', sizeBytes: 7 },
      { key: 'run/a/x', sizeBytes: 7 },
      { key: 'run/b', sizeBytes: 5 },
    ]);
    expect(await storage.list('')).toHaveLength(4);
    expect(await storage.list('none')).toEqual([]);
  });

  it('deletes an object and the folders that it leaves empty, and does not mind if there is none', async () => {
    await storage.put('run/a/x', bytes('x'));
    await storage.put('run/b', bytes('b'));
    await storage.delete('run/a/x');
    await storage.delete('run/a/x');
    await storage.delete('never/was');
    expect(await readdir(path.join(storage.uri, 'run'))).toEqual(['b']);
    expect(await storage.exists('run/a/x')).toBe(false);
    expect(await storage.exists('run/b')).toBe(true);
  });

  it('does not show what an interrupted put left, and removes nothing else with it', async () => {
    await storage.put('run/a', bytes('a'));
    await writeFile(path.join(storage.uri, 'run', partial('b')), 'half');
    await writeFile(path.join(storage.uri, 'run', 'b.ringmaster-partial-mine'), 'not a partial of ours');

    expect((await storage.list('run')).map(({ key }) => key)).toEqual([
      'run/a',
      'run/b.ringmaster-partial-mine',
    ]);
    await storage.deletePartials('run');
    expect((await readdir(path.join(storage.uri, 'run'))).sort()).toEqual(['a', 'b.ringmaster-partial-mine']);
  });

  it('leaves nothing behind when the source fails half-way', async () => {
    await storage.put('run/a', bytes('old'));
    await expect(storage.put('run/a', { file: folder })).rejects.toThrow('cannot write');
    expect(await readdir(path.join(storage.uri, 'run'))).toEqual(['a']);
    expect((await storage.get('run/a')).toString()).toBe('old');
  });
});

describe('a fault of the file system', () => {
  it('says what is missing', async () => {
    await expect(storage.get('none')).rejects.toMatchObject({
      fault: 'NotFound',
      reason: 'CheckpointFailed',
    });
    await expect(text(storage.read('none'))).rejects.toThrow('none: it does not exist');
  });

  it('says when the folder cannot be made', async () => {
    await writeFile(path.join(folder, 'file'), '');
    const below = openFileStorage(path.join(folder, 'file', 'root'));
    await expect(below.put('key', bytes('x'))).rejects.toThrow('cannot write');
  });

  it('refuses keys that lead out of the folder', async () => {
    for (const key of ['../x', 'a//b', '', '/etc/passwd', './x']) {
      await expect(storage.put(key, bytes('x'))).rejects.toThrow('is not a key of a storage');
    }
  });

  it.runIf(process.platform === 'linux')('says when no space is left', async () => {
    const { toStorageError } = await import('./storage-error.ts');
    const error = await writeFile('/dev/full', 'x').catch((cause: unknown) =>
      toStorageError('write x', cause),
    );
    expect(error).toMatchObject({ fault: 'NoSpace' });
    expect(String(error)).toContain('keep fewer checkpoints');
  });
});
