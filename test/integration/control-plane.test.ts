import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { servingCertificate } from '../control-plane/serving-certificate.ts';

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ringmaster-certificate-'));
});

afterEach(() => rm(folder, { recursive: true, force: true }));

describe('the certificate of a starting API server', () => {
  it('is not read while it may be half-written, and is once the key is there', async () => {
    await writeFile(join(folder, 'apiserver.crt'), '');
    await expect(servingCertificate(folder)).rejects.toMatchObject({ code: 'ENOENT' });
    await writeFile(join(folder, 'apiserver.crt'), 'certificate');
    await writeFile(join(folder, 'apiserver.key'), '');
    expect(String(await servingCertificate(folder))).toBe('certificate');
  });
});
