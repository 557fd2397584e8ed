import { mkdtempSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { gzipSync } from 'node:zlib';
import { afterAll, describe, expect, it } from 'vitest';
import { maxManifestBytes, readSource } from './source.ts';

const folder = mkdtempSync(join(tmpdir(), 'ringmaster-source-'));
afterAll(() => {
  rmSync(folder, { recursive: true });
});

/** What a file of these bytes is read as. */
async function read(name: string, bytes: Uint8Array | string) {
  writeFileSync(join(folder, name), bytes);
  return await readSource(name, { stdin: Readable.from([]), workingFolder: folder });
}

describe('a manifest file', () => {
  it('is read as UTF-8, without its byte order mark', async () => {
    expect(await read('mark.yaml', '\ufeffa: é\n')).toEqual({ ok: true, text: 'a: é\n' });
  });

  it('may be standard input', async () => {
    const stdin = Readable.from([Buffer.from('a: '), Buffer.from('1\n')]);
    expect(await readSource('-', { stdin, workingFolder: folder })).toEqual({ ok: true, text: 'a: 1\n' });
  });

  it('may be as large as the bound and no larger', async () => {
    expect(await read('full.yaml', '#'.repeat(maxManifestBytes))).toMatchObject({ ok: true });
    expect(await read('over.yaml', '#'.repeat(maxManifestBytes + 1))).toEqual({
      ok: false,
      message: 'is larger than 1 MiB, so it is not a manifest',
    });
  });

  it('is not read to its end from a source that has none', async () => {
    const endless = Readable.from(
      (function* () {
        for (;;) yield Buffer.alloc(65_536, '#');
      })(),
    );
    expect(await readSource('-', { stdin: endless, workingFolder: folder })).toMatchObject({ ok: false });
  });

  it.each([
    ['gzip', gzipSync('a: 1'), 'is a gzip file, not a manifest in YAML or JSON'],
    ['zip', Buffer.from('PK\u0003\u0004x'), 'is a zip file, not a manifest in YAML or JSON'],
    [
      'UTF-16',
      Buffer.from('\ufeffa: 1', 'utf16le'),
      'is UTF-16 text (save it as UTF-8), not a manifest in YAML or JSON',
    ],
    ['Latin-1', Buffer.from('a: é', 'latin1'), 'is not UTF-8 text; save it as UTF-8'],
    ['bytes', Buffer.from([97, 0, 98]), 'is a binary file, not a manifest in YAML or JSON'],
    ['spaces', Buffer.from(' \n'), 'is empty; a manifest has apiVersion, kind, metadata and spec'],
  ])('of %s is recognised as such', async (_, bytes, message) => {
    expect(await read('other.yaml', bytes)).toEqual({ ok: false, message });
  });

  it('that is missing is named with its nearest neighbour', async () => {
    writeFileSync(join(folder, 'quickstart.yaml'), 'a: 1');
    const context = { stdin: Readable.from([]), workingFolder: folder };
    expect(await readSource('quickstrat.yaml', context)).toEqual({
      ok: false,
      message: 'does not exist; did you mean quickstart.yaml?',
    });
    expect(await readSource('nowhere/x.yaml', context)).toEqual({ ok: false, message: 'does not exist' });
  });

  it('that is a directory is said to be one', async () => {
    mkdirSync(join(folder, 'runs'));
    expect(await readSource('runs', { stdin: Readable.from([]), workingFolder: folder })).toEqual({
      ok: false,
      message: 'is a directory; name the files in it',
    });
  });
});
