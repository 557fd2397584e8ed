import { mkdir, symlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const program = fileURLToPath(new URL('../../operator/cli/ringmaster.mjs', import.meta.url));

/**
 * Links the program under its names in a folder, as npm does, and gives a PATH on which it is found.
 * @param kubectl that is found on it too
 */
export async function installProgram(folder: string, kubectl?: string): Promise<string> {
  const bin = join(folder, 'bin');
  await mkdir(bin, { recursive: true });
  for (const name of ['ringmaster', 'kubectl-ringmaster', 'kubectl_complete-ringmaster'])
    await symlink(program, join(bin, name));
  if (kubectl !== undefined) await symlink(kubectl, join(bin, 'kubectl'));
  return [bin, dirname(process.execPath), '/usr/local/bin', '/usr/bin', '/bin'].join(':');
}
