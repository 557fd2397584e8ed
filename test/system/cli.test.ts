import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** Prints which packages were loaded, at the end. */
const loadedPackages = `data:text/javascript,${encodeURIComponent(`
  import { registerHooks } from 'node:module';
  const packages = new Set();
  const load = (url, context, next) => {
    const found = /.*\\/node_modules\\/((@[^/]+\\/)?[^/]+)/.exec(url);
    if (found !== null) packages.add(found[1]);
    return next(url, context);
  };
  registerHooks({ load });
  process.on('exit', () => console.error([...packages].sort().join(' ')));
`)}`;

/** Runs the command line as a process of its own, from the repository's folder. */
async function ringmaster(words: readonly string[], stdin = '') {
  const child = spawn(process.execPath, ['operator/cli/main.ts', ...words], { cwd: root });
  child.stdin.end(stdin);
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
  return { stdout, stderr, code: child.exitCode };
}

describe('ringmaster', () => {
  it('says that a valid file is valid', async () => {
    expect(await ringmaster(['validate', 'crds/samples/quickstart.yaml'])).toEqual({
      stdout: 'crds/samples/quickstart.yaml: TrainingRun default/quickstart is valid\n',
      stderr: '',
      code: 0,
    });
  });

  it('shows all problems of all files and ends with 64', async () => {
    const { stdout, stderr, code } = await ringmaster(
      ['validate', '-', 'crds/samples/quickstart.yaml', 'crds/samples/quickstrt.yaml'],
      'kind: TrainingRun\nspec: {suspend: yes}\n',
    );
    expect(stdout).toBe('crds/samples/quickstart.yaml: TrainingRun default/quickstart is valid\n');
    expect(stderr.split('\n')).toEqual([
      'stdin:1 apiVersion: must be ringmaster.dev/v1alpha1',
      'stdin:1 metadata.name: is required: a name of lower-case letters, digits and -',
      'stdin:2 spec.suspend: yes is true to kubectl and text to others; write true, or "yes" in quotes for text',
      'stdin:2 spec.data: is required',
      'stdin:2 spec.checkpoints: is required',
      'crds/samples/quickstrt.yaml: does not exist; did you mean quickstart.yaml?',
      '',
    ]);
    expect(code).toBe(64);
  });

  it('gives the verdict as JSON', async () => {
    const { stdout, stderr, code } = await ringmaster(
      ['validate', '-', '--output', 'json'],
      'kind: Deployment\n',
    );
    expect(JSON.parse(stdout)).toEqual({
      valid: false,
      objects: [],
      problems: [
        {
          file: 'stdin',
          line: 1,
          path: 'kind',
          value: 'Deployment',
          message: 'is not a kind of this program; known kinds: TrainingRun, TrainingSweep',
        },
      ],
    });
    expect([stderr, code]).toEqual(['', 64]);
  });

  it.each([
    [['valdate'], "error: unknown command 'valdate'\n(Did you mean validate?)\n"],
    [['validate'], "error: missing required argument 'file'\n"],
    [['run', 'x.yaml', '--gpu', '2'], "error: unknown option '--gpu'\n(Did you mean --gpus?)\n"],
    [
      ['run', 'x.yaml', '--gpus', 'two'],
      'ringmaster: --gpus must be a whole number from 1 to 1024 (found "two")\n',
    ],
    [['run', 'x.yaml', '-o', 'xml'], 'ringmaster: --output must be one of json, yaml (found "xml")\n'],
    [
      ['get', '--dir', 'nowhere'],
      'ringmaster: nothing was trained in nowhere yet; --dir names another folder\n',
    ],
  ])('refuses %j with advice and 64', async (words, message) => {
    const { stdout, stderr, code } = await ringmaster(words);
    expect(stderr.startsWith(message)).toBe(true);
    expect([stdout, code]).toEqual(['', 64]);
  });

  it('shows its commands when asked', async () => {
    const { stdout, code } = await ringmaster(['--help']);
    for (const command of ['run', 'validate', 'evaluate', 'get', 'explain'])
      expect(stdout).toContain(`\n  ${command} `);
    expect(code).toBe(0);
  });

  it('loads only the command that is typed, so that it starts at once', () => {
    const loads = (...words: string[]) => {
      const child = spawnSync(
        process.execPath,
        ['--import', loadedPackages, 'operator/cli/main.ts', ...words],
        {
          cwd: root,
          encoding: 'utf8',
        },
      );
      return child.stderr.trim();
    };
    expect(loads('--help')).toBe('commander');
    expect(loads('get', '--help')).not.toMatch(/client-node|undici|prom-client|zod|echarts/);
    expect(loads('validate', 'crds/samples/quickstart.yaml')).not.toMatch(/client-node|undici|prom-client/);
  });

  it('says why a checkpoint cannot be evaluated', async () => {
    const { stdout, stderr, code } = await ringmaster(['evaluate', '/nowhere/step-1']);
    expect(stderr).toMatch(/\nringmaster: the evaluation of \/nowhere\/step-1 ended with exit code \d+\n$/);
    expect(stdout).toBe('');
    expect(code).toBeGreaterThan(0);
  });
});
