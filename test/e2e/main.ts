import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, realpathSync, rmdirSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { wholeClusterTools } from '../../operator/setup/whole-cluster.mjs';
import { buildCudaImage, buildImages } from './images.ts';

/*
 * `npm run test:e2e`: builds the images from their Dockerfiles and runs the tests of this folder on a whole cluster of
 * real parts, in namespaces of its own for network, mounts and processes. Whatever these leave running dies with them.
 * `npm run test:e2e -- cuda` builds the trainer with CUDA instead, 20 GB of layers, and looks into it.
 */

const root = fileURLToPath(new URL('../..', import.meta.url));
const report = (line: string) => {
  process.stderr.write(`e2e: ${line}\n`);
};

/** Why there can be no whole cluster here; undefined where there can. */
function missing(): string | undefined {
  if (process.getuid?.() !== 0) return 'it needs root, for namespaces and containers';
  const absent = Object.keys(wholeClusterTools).filter(
    (program) => spawnSync(program, ['--version']).error !== undefined,
  );
  return absent.length === 0 ? undefined : `it needs ${absent.join(', ')}, which Debian's packages bring`;
}

/** Control groups that the kubelet made outlive it; they are empty once every process has gone. */
function removeControlGroups(): void {
  const groups = '/sys/fs/cgroup';
  for (const hierarchy of ['', ...readdirSync(groups)]) removeEmpty(path.join(groups, hierarchy, 'kubepods'));
}

function removeEmpty(folder: string): void {
  if (!existsSync(folder)) return;
  for (const entry of readdirSync(folder, { withFileTypes: true }))
    if (entry.isDirectory()) removeEmpty(path.join(folder, entry.name));
  rmdirSync(folder);
}

async function run(): Promise<number> {
  const reason = missing();
  if (reason !== undefined) {
    report(`skipped: the tests on a whole cluster (test/e2e) were not run; ${reason}`);
    process.stdout.write('0 passed, 0 failed, all skipped\n');
    return 0;
  }
  const cache = path.join(process.env.XDG_CACHE_HOME ?? path.join(homedir(), '.cache'), 'ringmaster', 'e2e');
  // npm says where it is to the scripts that it runs.
  const npm = process.env.npm_execpath;
  if (npm === undefined) throw new Error('run this by: npm run test:e2e');
  const npmFolder = path.dirname(path.dirname(realpathSync(npm)));
  const folder = await mkdtemp(path.join(tmpdir(), 'ringmaster-e2e-'));
  try {
    const filters = process.argv.slice(2);
    const wantsCuda = filters.includes('cuda');
    const build = wantsCuda ? buildCudaImage : buildImages;
    await build({ cache, target: folder, node: { program: process.execPath, npmFolder }, report });
    report('tests');
    const namespaces = [
      '--net',
      '--mount',
      '--propagation=private',
      '--pid',
      '--fork',
      '--kill-child',
      '--mount-proc',
    ];
    const vitest = [process.execPath, path.join(root, 'node_modules/vitest/vitest.mjs'), 'run'];
    const config = ['--config', 'test/config/vitest.e2e.config.ts', ...filters];
    if (!wantsCuda) config.push('--exclude', 'test/e2e/cuda-image.test.ts');
    const tests = spawn('unshare', [...namespaces, ...vitest, ...config], {
      cwd: root,
      stdio: 'inherit',
      env: { ...process.env, RINGMASTER_E2E_FOLDER: folder },
    });
    const [code] = (await once(tests, 'exit')) as [number | null];
    return code ?? 1;
  } finally {
    removeControlGroups();
    await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

process.exitCode = await run();
