import { access, readFile } from 'node:fs/promises';
import { join } from 'node:path';

/**
 * The certificate that an API server made for itself in its folder.
 *
 * It creates the file, writes it, and only then writes the key (`MaybeDefaultWithSelfSignedCerts` in
 * k8s.io/apiserver), so that a certificate without a key may be empty as yet. A client that took the empty one would
 * trust the well-known authorities instead and never reach the server.
 * @throws Error while there is no key
 */
export async function servingCertificate(folder: string): Promise<Buffer> {
  await access(join(folder, 'apiserver.key'));
  return readFile(join(folder, 'apiserver.crt'));
}
