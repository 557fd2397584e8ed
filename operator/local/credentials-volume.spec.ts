import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { defaultCredentialsFolder } from '../api/trainer/environment.ts';
import type { Container, KubernetesObject, Pod } from '../api/wire.ts';
import { ManualClock } from '../base/testing/manual-clock.ts';
import type { Cluster } from '../cluster/cluster.ts';
import { writeCredentials } from './credentials-volume.ts';

const root = mkdtempSync(join(tmpdir(), 'ringmaster-credentials-'));
const folder = join(root, 'credentials');
afterEach(() => {
  rmSync(root, { recursive: true, force: true });
});

/** A cluster with one object. */
function clusterOf(object: KubernetesObject): Pick<Cluster, 'get'> {
  return {
    get: (type, key) =>
      Promise.resolve(
        type.kind === object.kind &&
          key.name === object.metadata.name &&
          key.namespace === object.metadata.namespace
          ? (object as never)
          : undefined,
      ),
  };
}

const secret = {
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { name: 's3', namespace: 'vision' },
  data: { AWS_ACCESS_KEY_ID: Buffer.from('key').toString('base64') },
};
const container: Container = {
  name: 'trainer',
  image: 'trainer',
  volumeMounts: [{ name: 'keys', mountPath: defaultCredentialsFolder, readOnly: true }],
};

function write(secretName: string, mounting: Container = container): Promise<boolean> {
  const pod: Pod = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'run-1-0', namespace: 'vision' },
    spec: { containers: [mounting], volumes: [{ name: 'keys', secret: { secretName } }] },
  };
  const context = { clock: new ManualClock(), signal: new AbortController().signal };
  return writeCredentials({ ...context, cluster: clusterOf(secret) }, pod, mounting, folder);
}

describe('the keys to storage', () => {
  it('become files that only their owner reads, one for each key of the Secret', async () => {
    expect(await write('s3')).toBe(true);
    expect(readdirSync(folder)).toEqual(['AWS_ACCESS_KEY_ID']);
    expect(readFileSync(join(folder, 'AWS_ACCESS_KEY_ID'), 'utf8')).toBe('key');
    expect(statSync(join(folder, 'AWS_ACCESS_KEY_ID')).mode & 0o777).toBe(0o600);
  });

  it('are written for the container alone that mounts them', async () => {
    expect(await write('s3', { name: 'other', image: 'other' })).toBe(false);
    expect(existsSync(folder)).toBe(false);
  });

  it('are missed by name', async () => {
    await expect(write('gone')).rejects.toMatchObject({
      reason: 'CreateContainerConfigError',
      message: 'there is no Secret gone in namespace vision, which spec.checkpoints.credentials names',
    });
  });
});
