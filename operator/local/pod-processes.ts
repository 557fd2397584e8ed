import { readdirSync, readFileSync } from 'node:fs';
import { sep } from 'node:path';
import { agentVariables } from '../api/trainer/environment.ts';
import type { Clock } from '../base/clock.ts';
import { systemErrorCode } from '../base/errors.ts';

/** Pause between two looks at what is still there, and the longest that all looks together may take, in milliseconds. */
const lookAgainMs = 20;
const giveUpMs = 10_000;

/**
 * Processes that belong to the pods below a folder. The node agent names to every container a termination log in its
 * pod's own folder, by a variable that its children inherit and that no pod can set otherwise; so the environment of a process says whose it is, whatever has become of its
 * parent, its process group, or the agent that started it. A process id that the kernel has given to somebody else
 * meanwhile has another environment and is never taken for ours.
 */
export function findPodProcesses(folder: string): number[] {
  const marker = `${agentVariables.terminationLog}=${folder}${sep}`;
  return readdirSync('/proc')
    .filter(
      (entry) =>
        /^[0-9]+$/.test(entry) && environmentOf(entry).some((variable) => variable.startsWith(marker)),
    )
    .map(Number);
}

/**
 * Ends all processes of the pods below a folder with SIGKILL and waits until they are gone.
 * @returns how many there were
 */
export async function endPodProcesses(folder: string, clock: Clock): Promise<number> {
  const ended = new Set<number>();
  const deadlineMs = clock.now() + giveUpMs;
  for (;;) {
    // Looked at again until none is left: a process may have had a child in between.
    const found = findPodProcesses(folder);
    if (found.length === 0) return ended.size;
    if (clock.now() > deadlineMs)
      throw new Error(
        `processes ${found.join(', ')} of pods in ${folder} do not end on SIGKILL; they hang in the kernel`,
      );
    for (const pid of found) {
      ended.add(pid);
      sendSignal(pid, 'SIGKILL');
    }
    await clock.sleep(lookAgainMs);
  }
}

/** Sends a signal to a process, or to a process group by its negative id. A process that is gone is not an error. */
export function sendSignal(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if (systemErrorCode(error) !== 'ESRCH') throw error;
  }
}

function environmentOf(pid: string): string[] {
  try {
    return readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0');
  } catch {
    return []; // Gone meanwhile, or another user's.
  }
}
