import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readKubeConfig } from './kube-config.ts';

let folder: string;
const file = (name: string) => join(folder, name);

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'ringmaster-kube-config-'));
  mkdirSync(join(folder, '.kube'));
  writeFileSync(file('.kube/config'), configOf('home'));
  writeFileSync(file('one'), configOf('one'));
  writeFileSync(file('two'), configOf('two'));
  writeFileSync(file('broken'), '{"clusters": 1');
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function configOf(name: string): string {
  return JSON.stringify({
    'current-context': name,
    clusters: [{ name, cluster: { server: `https://${name}.invalid` } }],
    users: [{ name, user: {} }],
    contexts: [{ name, context: { cluster: name, user: name } }],
  });
}

const read = (options: object, environment: Record<string, string>) =>
  readKubeConfig(options, { environment });

describe('the kubeconfig', () => {
  it('is that of --kubeconfig, else of KUBECONFIG, else that of the home folder', async () => {
    const environment = { HOME: folder, KUBECONFIG: file('one') };
    expect((await read({ kubeconfig: file('two') }, environment))?.getCurrentContext()).toBe('two');
    expect((await read({}, environment))?.getCurrentContext()).toBe('one');
    expect((await read({}, { HOME: folder }))?.getCurrentContext()).toBe('home');
  });

  it('is merged from several files, of which some may be missing', async () => {
    const environment = { KUBECONFIG: [file('missing'), file('one'), file('two')].join(':') };
    const merged = await read({ context: 'two' }, environment);
    expect(merged?.getCurrentCluster()?.server).toBe('https://two.invalid');
    expect((await read({}, environment))?.getCurrentContext()).toBe('one');
  });

  it('is absent where there is none, rather than a guess at localhost', async () => {
    expect(await read({}, {})).toBeUndefined();
    expect(await read({}, { HOME: file('missing') })).toBeUndefined();
  });

  it('is refused with what is wrong', async () => {
    await expect(read({ kubeconfig: file('broken') }, {})).rejects.toThrow('cannot be read');
    await expect(read({ kubeconfig: file('missing') }, {})).rejects.toThrow('cannot be read');
    await expect(read({ context: 'prod' }, { KUBECONFIG: file('one') })).rejects.toThrow(
      'no context "prod"; known: one',
    );
  });
});
