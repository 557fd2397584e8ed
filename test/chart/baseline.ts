import { execFile } from 'node:child_process';
import { copyFile, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { shippedCrdFiles } from '../control-plane/install-crd.ts';

/*
 * What the next version is compared with: the last release, or before there is one a commit that stands for it. Its
 * CRDs are kept in baseline/; its operator and chart come out of the repository's history.
 * `npm run baseline` makes the present commit the baseline; do that with every release.
 */

const runProgram = promisify(execFile);
const repository = fileURLToPath(new URL('../..', import.meta.url));
const folder = new URL('baseline/', import.meta.url);
const commitFile = new URL('commit', folder);

/** The CRDs of the baseline beside those of the working tree, as YAML. */
export async function crdPairs(): Promise<{ name: string; before: string; after: string }[]> {
  return Promise.all(
    shippedCrdFiles.map(async (file) => {
      const name = basename(file);
      return {
        name,
        before: await readFile(new URL(name, folder), 'utf8'),
        after: await readFile(file, 'utf8'),
      };
    }),
  );
}

/** Whether this clone has the baseline's commit; a shallow clone and a plain copy of the files do not. */
export async function hasBaseline(): Promise<boolean> {
  const commit = await baselineCommit();
  return runProgram('git', ['cat-file', '-e', `${commit}^{commit}`], { cwd: repository }).then(
    () => true,
    () => false,
  );
}

/** The whole tree of the baseline in a folder of its own, with the packages that are installed here. */
export async function checkOutBaseline(): Promise<{ folder: string; dispose: () => Promise<void> }> {
  const target = await mkdtemp(join(tmpdir(), 'ringmaster-baseline-'));
  const archive = join(target, 'baseline.tar');
  await runProgram('git', ['archive', `--output=${archive}`, await baselineCommit()], { cwd: repository });
  await runProgram('tar', ['--extract', `--file=${archive}`, `--directory=${target}`]);
  await symlink(join(repository, 'node_modules'), join(target, 'node_modules'));
  return { folder: target, dispose: () => rm(target, { recursive: true, force: true }) };
}

/** Makes the present commit the baseline. */
export async function renewBaseline(): Promise<string> {
  const { stdout } = await runProgram('git', ['rev-parse', 'HEAD'], { cwd: repository });
  await mkdir(folder, { recursive: true });
  for (const file of shippedCrdFiles) await copyFile(file, new URL(basename(file), folder));
  await writeFile(commitFile, stdout);
  return stdout.trim();
}

async function baselineCommit(): Promise<string> {
  return (await readFile(commitFile, 'utf8')).trim();
}
