import { execFile, spawnSync } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';

/** Whether openssl is here; the Debian package of that name brings it. */
export const hasOpenssl = spawnSync('openssl', ['version']).error === undefined;

/** A certificate for 127.0.0.1 that no public authority vouches for, and its key, both PEM. */
export interface PrivateCertificate {
  readonly cert: string;
  readonly key: string;
}

/** @param folder where openssl writes the two */
export async function makePrivateCertificate(folder: string): Promise<PrivateCertificate> {
  const [cert, key] = [path.join(folder, 'private.crt'), path.join(folder, 'private.key')];
  await promisify(execFile)('openssl', [
    ...['req', '-x509', '-days', '2', '-subj', '/CN=a private authority'],
    ...['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-noenc'],
    ...['-addext', 'subjectAltName=IP:127.0.0.1', '-out', cert, '-keyout', key],
  ]);
  return { cert: await readFile(cert, 'utf8'), key: await readFile(key, 'utf8') };
}
