import { spawn } from 'node:child_process';

/** Waits for the end of its input, then kills a process group. */
const script = 'read -r _; kill -s KILL -- "-$1"';

/**
 * Makes a process group die when this process dies, even by SIGKILL: a shell waits at the other end of a pipe that only
 * this process holds, and the kernel closes it for us. Call the returned function once the group has ended, before its
 * id can be given to another.
 */
export function endGroupWhenThisProcessDies(processGroup: number): () => void {
  const watcher = spawn('/bin/sh', ['-c', script, 'death-watch', String(processGroup)], {
    detached: true, // Signals for our own group, such as Ctrl-C, are not for it.
    stdio: ['pipe', 'ignore', 'ignore'],
    env: {},
  });
  // Without the watcher, orphans are ended by the next start alone; and its pipe breaks when it is killed below.
  watcher.on('error', () => undefined);
  watcher.stdin.on('error', () => undefined);
  watcher.unref();
  return () => {
    watcher.kill('SIGKILL');
    watcher.stdin.destroy();
  };
}
