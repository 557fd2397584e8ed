import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { KubeConfig } from '@kubernetes/client-node';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ManualClock } from '../../base/testing/manual-clock.ts';
import { createConnectionPools } from './connection-pools.ts';
import { createCredentialSource } from './credentials.ts';

let folder: string;
let clock: ManualClock;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ringmaster-credentials-'));
  clock = new ManualClock();
});

afterEach(() => rm(folder, { recursive: true }));

function kubeConfig(cluster: object, user: object): KubeConfig {
  const config = new KubeConfig();
  config.loadFromOptions({
    clusters: [{ name: 'test', server: 'https://api.example/prefix/', ...cluster }],
    users: [{ name: 'me', ...user }],
    contexts: [{ name: 'test', cluster: 'test', user: 'me' }],
    currentContext: 'test',
  });
  return config;
}

describe('credentials', () => {
  it('are the token or password of the context, and the server without its last slash', async () => {
    const token = await createCredentialSource(kubeConfig({}, { token: 'abc' }), clock).current();
    expect(token).toMatchObject({
      server: 'https://api.example/prefix',
      headers: { authorization: 'Bearer abc' },
    });
    const basic = await createCredentialSource(
      kubeConfig({}, { username: 'a', password: 'b' }),
      clock,
    ).current();
    expect(basic.headers.authorization).toBe('Basic YTpi');
  });

  it('follow a renewed certificate within a minute, and so do connections', async () => {
    const caFile = join(folder, 'ca.crt');
    await writeFile(caFile, 'first');
    const source = createCredentialSource(kubeConfig({ caFile }, { token: 'abc' }), clock);
    const pools = createConnectionPools();
    const first = await source.current();
    const dispatcher = pools.dispatcher('calls', first);
    await writeFile(caFile, 'second');
    await clock.advance(59_000);
    expect(pools.dispatcher('calls', await source.current())).toBe(dispatcher);
    await clock.advance(2_000);
    const second = await source.current();
    expect(second.tls.ca?.toString()).toBe('second');
    expect(pools.dispatcher('calls', second)).not.toBe(dispatcher);
    await pools.close();
  });

  it('that cannot be read say so, and are read again at the next request', async () => {
    const caFile = join(folder, 'ca.crt');
    const source = createCredentialSource(kubeConfig({ caFile }, { token: 'abc' }), clock);
    await expect(source.current()).rejects.toThrow(
      'the credentials of the kubeconfig or service account cannot be read',
    );
    await writeFile(caFile, 'there now');
    expect((await source.current()).tls.ca?.toString()).toBe('there now');
  });

  it('of a context without a cluster name the context', async () => {
    const source = createCredentialSource(new KubeConfig(), clock);
    await expect(source.current()).rejects.toThrow('no cluster for context');
  });
});
