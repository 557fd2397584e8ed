import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ManualClock } from '../../base/testing/manual-clock.ts';
import { createCredentialSource } from './credentials.ts';
import { serviceAccountAccess } from './service-account.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ringmaster-account-'));
  await writeFile(join(folder, 'ca.crt'), 'authority');
  await writeFile(join(folder, 'token'), 'first\n');
});
afterEach(() => rm(folder, { recursive: true }));

const inPod = { KUBERNETES_SERVICE_HOST: '10.0.0.1', KUBERNETES_SERVICE_PORT: '443' };
const sourceOf = (environment: Record<string, string>) => {
  const access = serviceAccountAccess(environment, folder);
  if (access === undefined) throw new Error('there is no service account');
  return createCredentialSource(access, new ManualClock());
};

describe('the service account of a pod', () => {
  it('says where the server is and who we are', async () => {
    const credentials = await sourceOf(inPod).current();
    expect(credentials).toMatchObject({
      server: 'https://10.0.0.1:443',
      headers: { authorization: 'Bearer first' },
    });
    expect(String(credentials.tls.ca)).toBe('authority');
  });

  it('has a server with an address of IPv6 too', async () => {
    const { server } = await sourceOf({ ...inPod, KUBERNETES_SERVICE_HOST: 'fd00::1' }).current();
    expect(server).toBe('https://[fd00::1]:443');
  });

  it('has another token at once when the server refused the one before', async () => {
    const source = sourceOf(inPod);
    await source.current();
    await writeFile(join(folder, 'token'), 'second');
    expect((await source.current()).headers.authorization).toBe('Bearer first');
    source.reload();
    expect((await source.current()).headers.authorization).toBe('Bearer second');
  });

  it('says that its credentials cannot be read when they are not mounted', async () => {
    await rm(join(folder, 'token'));
    await expect(sourceOf(inPod).current()).rejects.toThrow(
      'the credentials of the kubeconfig or service account cannot be read',
    );
  });

  it('is nowhere but in a pod', () => {
    expect(serviceAccountAccess({ HOME: '/root' }, folder)).toBeUndefined();
  });
});
