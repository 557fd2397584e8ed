import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createHostResolver, findInHosts, hostAndPort } from './host-resolver.ts';

describe('the host resolver', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'hosts-'));
  });
  afterEach(async () => {
    await rm(folder, { recursive: true });
  });

  it('asks the hosts file first, anew each time', async () => {
    const file = join(folder, 'hosts');
    const resolve = createHostResolver(file);
    await writeFile(file, '127.3.0.1 run-1-0.run localhost\n');
    expect(await resolve('localhost')).toBe('127.3.0.1');
    await writeFile(file, '127.3.0.9 localhost\n');
    expect(await resolve('localhost')).toBe('127.3.0.9');
  });

  it('asks DNS for what the file does not name, or when there is no file', async () => {
    expect(await createHostResolver(join(folder, 'absent'))('localhost')).toMatch(/^(127\.|::1)/);
  });

  it('leaves addresses as they are', async () => {
    expect(await createHostResolver(undefined)('10.1.2.3')).toBe('10.1.2.3');
  });

  it('puts brackets around IPv6 addresses only', () => {
    expect(hostAndPort('fd00::7', 8080)).toBe('[fd00::7]:8080');
    expect(hostAndPort('run-1-0.run', 8080)).toBe('run-1-0.run:8080');
  });

  it('reads comments, tabs and several names a line', () => {
    const hosts = '# pods\n127.0.0.2\tone one.default # first\n127.0.0.3 two\n';
    expect(findInHosts(hosts, 'one.default')).toBe('127.0.0.2');
    expect(findInHosts(hosts, 'two')).toBe('127.0.0.3');
    expect(findInHosts(hosts, 'pods')).toBeUndefined();
  });
});
