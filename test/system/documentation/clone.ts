import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const root = fileURLToPath(new URL('../../..', import.meta.url));

/** What a command typed in a clone printed, and how it ended. */
export interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** A copy of the working tree without what git ignores, as a stranger has it after cloning, in which to type commands. */
export interface Clone {
  type(command: string): Promise<Outcome>;
  dispose(): Promise<void>;
}

export async function cloneWorkingTree(): Promise<Clone> {
  const folder = await mkdtemp(join(tmpdir(), 'ringmaster-clone-'));
  const { stdout } = await promisify(execFile)(
    'git',
    ['ls-files', '-z', '--cached', '--others', '--exclude-standard'],
    { cwd: root },
  );
  for (const file of stdout.split('\0').filter((name) => name !== '')) {
    await mkdir(dirname(join(folder, file)), { recursive: true });
    await cp(join(root, file), join(folder, file)).catch((error: unknown) => {
      // A file that is deleted but not committed yet.
      if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error;
    });
  }
  // Packages that are installed here need not be installed again; set-up sees that they are those of the lock file.
  await symlink(join(root, 'node_modules'), join(folder, 'node_modules'));
  return {
    type: (command) =>
      new Promise((resolve) => {
        execFile('bash', ['-c', command], { cwd: folder, maxBuffer: 2 ** 24 }, (error, out, err) => {
          resolve({ code: error === null ? 0 : Number(error.code ?? 1), stdout: out, stderr: err });
        });
      }),
    dispose: () => rm(folder, { recursive: true, force: true }),
  };
}
