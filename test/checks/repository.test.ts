import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** Runs one of package.json's scripts and gives what it printed, empty when it succeeded. */
function complaintsOf(script: string): Promise<string> {
  return new Promise((resolve) => {
    execFile(
      'npm',
      ['run', '--silent', script],
      { cwd: root, maxBuffer: 16 * 1024 * 1024 },
      (error, stdout, stderr) => {
        resolve(error === null ? '' : `${stdout}${stderr}`.slice(-4000) || error.message);
      },
    );
  });
}

describe('the repository', () => {
  it('is well typed', async () => {
    expect(await complaintsOf('check:types')).toBe('');
  });

  it('keeps the lint rules and the layers of the house', async () => {
    expect(await complaintsOf('check:lint')).toBe('');
  });

  it('is formatted', async () => {
    expect(await complaintsOf('check:format')).toBe('');
  });

  it('has no dead code and no unused dependency', async () => {
    expect(await complaintsOf('check:dead-code')).toBe('');
  });

  it('has committed what is made from the schemas', async () => {
    expect(await complaintsOf('check:generated')).toBe('');
  });

  it('runs TypeScript after its set-up on the Node that this has just installed', async () => {
    // The shell looks `node` up once: after the set-up of a fresh clone it would start the machine's own again.
    const { scripts } = JSON.parse(await readFile(`${root}/package.json`, 'utf8')) as {
      scripts: Readonly<Record<string, string>>;
    };
    const lookedUpOnce = Object.entries(scripts).filter(([, script]) =>
      /setup\/main\.mjs.*&& node \S+\.ts/.test(script),
    );
    expect(lookedUpOnce).toEqual([]);
  });
});
