import { spawn, spawnSync } from 'node:child_process';
import { text } from 'node:stream/consumers';

/** Whether promtool is here; the Debian package prometheus brings it. */
export const hasPromtool = spawnSync('promtool', ['--version']).error === undefined;

/** What promtool has to complain of in a page of metrics; empty when nothing. */
export async function checkMetrics(page: string): Promise<string> {
  const child = spawn('promtool', ['check', 'metrics'], { stdio: ['pipe', 'pipe', 'pipe'] });
  child.stdin.end(page);
  const [out, err] = await Promise.all([text(child.stdout), text(child.stderr)]);
  return `${out}${err}`.trim();
}
