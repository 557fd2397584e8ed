import { describe, expect, it } from 'vitest';
import { wholeCluster, wholeClusterTools } from './whole-cluster.mjs';

/** What the set-up ran and said where a package cannot be installed. */
async function setUp({ lacks, isRoot }: { readonly lacks: readonly string[]; readonly isRoot: boolean }) {
  const ran: string[] = [];
  const said: string[] = [];
  const context = {
    ...{ root: '/nowhere', cacheFolder: '/nowhere' },
    log: (line: string) => {
      said.push(line);
    },
    run: (command: string) => {
      ran.push(command);
      return Promise.resolve({ code: lacks.includes(command) ? 127 : 0, stdout: '' });
    },
    installDebianPackage: () => Promise.resolve(false),
  };
  await wholeCluster(context, isRoot);
  return { ran, said };
}

describe('the set-up of a whole cluster', () => {
  it.each(Object.keys(wholeClusterTools))('builds nothing where %s cannot be had', async (program) => {
    const { ran, said } = await setUp({ lacks: [program], isRoot: true });
    expect(ran).toEqual(Object.keys(wholeClusterTools));
    expect(said).toEqual([expect.stringMatching(/there will be no whole cluster\. To install: apt-get/)]);
  });

  it('builds and installs nothing for somebody who is not root', async () => {
    const { ran, said } = await setUp({ lacks: ['containerd'], isRoot: false });
    expect(ran).toEqual([]);
    expect(said).toEqual([expect.stringContaining('it needs root')]);
  });
});
