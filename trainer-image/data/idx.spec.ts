import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { exitCodeOf } from '../../operator/api/trainer/exit-codes.ts';
import { idxFile } from '../../test/fixtures/small-data-set.ts';
import { readIdx } from './idx.ts';
import { InvalidData } from './invalid-data.ts';

let folder: string;
let file: string;

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'ringmaster-idx-'));
  file = path.join(folder, 'values.gz');
});
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

const good = idxFile([2, 3], Uint8Array.of(1, 2, 3, 4, 5, 6));

describe('an IDX file', () => {
  it('is read into shape and values', async () => {
    await writeFile(file, gzipSync(good));
    const { shape, values, sha256 } = await readIdx(file, 2);
    expect(shape).toEqual([2, 3]);
    expect([...values]).toEqual([1, 2, 3, 4, 5, 6]);
    expect(sha256).toMatch(/^[0-9a-f]{64}$/);
  });

  it.each<[string, Uint8Array, string]>([
    ['is cut short', gzipSync(good).subarray(0, -9), 'is damaged or cut short'],
    ['is not compressed', good, 'is damaged or cut short'],
    ['is empty', new Uint8Array(), 'is damaged or cut short'],
    ['holds nothing', gzipSync(''), 'it begins with nothing, not 0x00000802'],
    ['is something else', gzipSync('<html></html>'), 'it begins with 0x3c68746d, not 0x00000802'],
    ['has other dimensions', gzipSync(idxFile([6], good.subarray(12))), 'it begins with 0x00000801'],
    ['ends inside its header', gzipSync(good.subarray(0, 9)), 'is not an IDX file of unsigned bytes'],
    ['has too few values', gzipSync(good.subarray(0, -1)), 'says it holds 2 x 3 bytes but holds 5'],
    ['has too many values', gzipSync(Buffer.concat([good, good])), 'says it holds 2 x 3 bytes but holds 24'],
  ])('that %s is refused by name', async (_, content, message) => {
    await writeFile(file, content);
    const error = await readIdx(file, 2).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(InvalidData);
    expect(String(error)).toContain(file);
    expect(String(error)).toContain(message);
  });

  it('that is missing is refused with exit code 65', async () => {
    const error = await readIdx(path.join(folder, 'none.gz'), 2).catch((thrown: unknown) => thrown);
    expect(String(error)).toContain('none.gz does not exist; data.train must be a folder that holds it');
    expect(exitCodeOf('InvalidData')).toBe(65);
  });
});
