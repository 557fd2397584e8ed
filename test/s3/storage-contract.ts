import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Storage } from '../../trainer-image/storage/storage.ts';

/** What every storage promises, whatever it stands on. `open` gives an empty one each time. */
export function describeStorage(name: string, open: () => Promise<Storage>): void {
  describe(name, () => {
    let scratch: string;
    let storage: Storage;
    beforeAll(async () => {
      scratch = await mkdtemp(path.join(tmpdir(), 'ringmaster-storage-'));
    });
    afterAll(async () => {
      await rm(scratch, { recursive: true, force: true });
    });
    beforeEach(async () => {
      storage = await open();
    });

    const bytes = (content: string) => ({ bytes: Buffer.from(content) });

    it('gives back what was put, from memory and from a file', async () => {
      const source = path.join(scratch, 'source');
      await writeFile(source, 'from a file');
      expect(await storage.put('run/a', bytes('from memory'))).toBe('written');
      expect(await storage.put('run/b', { file: source })).toBe('written');
      expect((await storage.get('run/a')).toString()).toBe('from memory');
      expect(await text(storage.read('run/b'))).toBe('from a file');
      await storage.download('run/b', path.join(scratch, 'copy'));
      expect(await readFile(path.join(scratch, 'copy'), 'utf8')).toBe('from a file');
    });

    it('keeps objects of no bytes and of more than one part', async () => {
      const large = Buffer.alloc(12 * 2 ** 20 + 7, 'ringmaster');
      await storage.put('empty', { bytes: new Uint8Array() });
      await storage.put('large', { bytes: large });
      expect((await storage.get('empty')).length).toBe(0);
      expect((await storage.get('large')).equals(large)).toBe(true);
      expect(await storage.list('')).toEqual([
        { key: 'empty', sizeBytes: 0 },
        { key: 'large', sizeBytes: large.length },
      ]);
    });

    it('gives a part of an object, and says if it is shorter', async () => {
      await storage.put('shard', bytes('0123456789'));
      expect((await storage.getRange('shard', 0, 4)).toString()).toBe('0123');
      expect((await storage.getRange('shard', 7, 3)).toString()).toBe('789');
      await expect(storage.getRange('shard', 7, 4)).rejects.toMatchObject({ fault: 'Truncated' });
      await expect(storage.getRange('none', 0, 1)).rejects.toMatchObject({ fault: 'NotFound' });
    });

    it('replaces an object, or leaves it if asked to', async () => {
      expect(await storage.put('key', bytes('one'), { ifAbsent: true })).toBe('written');
      expect(await storage.put('key', bytes('two'), { ifAbsent: true })).toBe('exists');
      expect((await storage.get('key')).toString()).toBe('one');
      expect(await storage.put('key', bytes('three'))).toBe('written');
      expect((await storage.get('key')).toString()).toBe('three');
    });

    it('lets one of many writers win when the key must be absent', async () => {
      const outcomes = await Promise.all(
        ['a', 'b', 'c', 'd', 'e', 'f'].map((content) =>
          storage.put('key', bytes(content), { ifAbsent: true }),
        ),
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

    it('deletes an object, and does not mind if there is none', async () => {
      await storage.put('run/a/x', bytes('x'));
      await storage.put('run/b', bytes('b'));
      await storage.delete('run/a/x');
      await storage.delete('run/a/x');
      await storage.delete('never/was');
      expect(await storage.exists('run/a/x')).toBe(false);
      expect(await storage.exists('run/b')).toBe(true);
      expect((await storage.list('')).map(({ key }) => key)).toEqual(['run/b']);
    });

    it('says what does not exist', async () => {
      await expect(storage.get('none')).rejects.toMatchObject({
        fault: 'NotFound',
        reason: 'CheckpointFailed',
      });
      await expect(text(storage.read('none'))).rejects.toThrow('none: it does not exist');
      await expect(storage.download('none', path.join(scratch, 'none'))).rejects.toMatchObject({
        fault: 'NotFound',
      });
    });

    it('refuses keys that lead out of it', async () => {
      for (const key of ['../x', 'a//b', '', '/etc/passwd', './x']) {
        await expect(storage.put(key, bytes('x'))).rejects.toThrow('is not a key of a storage');
      }
    });

    it('leaves what was there when the source fails', async () => {
      await storage.put('run/a', bytes('old'));
      await expect(storage.put('run/a', { file: path.join(scratch, 'missing') })).rejects.toMatchObject({
        reason: 'CheckpointFailed',
      });
      expect((await storage.get('run/a')).toString()).toBe('old');
      await storage.deletePartials('run');
      expect(await storage.list('')).toHaveLength(1);
    });
  });
}
