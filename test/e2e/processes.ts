import { readdir, readFile } from 'node:fs/promises';
import { assignmentVariable } from '../../operator/api/trainer/environment.ts';

/** Ids of the rank processes of a pod. */
export async function ranksOf(pod: string): Promise<number[]> {
  const ids = await processes(async (id) => {
    const command = await readFile(`/proc/${id}/cmdline`, 'utf8');
    if (!command.includes('/rank.js')) return undefined;
    const environment = (await readFile(`/proc/${id}/environ`, 'utf8')).split('\0');
    const isOfPod = environment.includes(`HOSTNAME=${pod}`);
    return isOfPod && environment.some((line) => line.startsWith(assignmentVariable)) ? id : undefined;
  });
  return ids.map(Number);
}

/** What a function finds in each process; one that ends meanwhile has nothing. */
async function processes(look: (id: string) => Promise<string | undefined>): Promise<string[]> {
  const ids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const found = await Promise.all(ids.map((id) => look(id).catch(() => undefined)));
  return found.filter((each) => each !== undefined);
}
