import { execFile } from 'node:child_process';
import { mkdir, rm, symlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { kubectlPrograms } from '../control-plane/programs.ts';
import type { ControlPlane } from '../control-plane/start.ts';

const program = fileURLToPath(new URL('../../operator/cli/ringmaster.mjs', import.meta.url));

/** Types `kubectl ringmaster ...` as the cluster admin; npm links the program under that name in the same way. */
export async function kubectlAsPlugin(
  controlPlane: ControlPlane,
  words: readonly string[],
): Promise<{ stdout: string; stderr: string }> {
  const { kubectl } = await kubectlPrograms();
  const folder = join(controlPlane.folder, 'plugins');
  await mkdir(folder, { recursive: true });
  const link = join(folder, 'kubectl-ringmaster');
  await rm(link, { force: true });
  await symlink(program, link);
  const env = {
    KUBECONFIG: await controlPlane.kubeconfigFile(),
    HOME: controlPlane.folder,
    PATH: `${folder}:${dirname(process.execPath)}`,
  };
  return new Promise((resolve, reject) => {
    execFile(kubectl, ['ringmaster', ...words], { env }, (error, stdout, stderr) => {
      if (error === null) resolve({ stdout, stderr });
      else reject(new Error(stderr, { cause: error }));
    });
  });
}
