import { spawn, spawnSync } from 'node:child_process';
import { text } from 'node:stream/consumers';

/** Whether promtool is here; the Debian package prometheus brings it. */
export const hasPromtool = spawnSync('promtool', ['--version']).error === undefined;

/** What promtool has to complain of in a page of metrics; empty when nothing. */
export function checkMetrics(page: string): Promise<string> {
  return complaints(['check', 'metrics'], page);
}

/** What promtool has to complain of in a file of rules; empty when nothing. */
export function checkRules(file: string): Promise<string> {
  return complaints(['check', 'rules', file]);
}

/** What promtool says of a file of rule tests that fail; empty when none does. */
export function testRules(file: string): Promise<string> {
  return complaints(['test', 'rules', file]);
}

async function complaints(args: readonly string[], input = ''): Promise<string> {
  const child = spawn('promtool', args, { stdio: ['pipe', 'pipe', 'pipe'] });
  child.stdin.end(input);
  const ended = new Promise<number | null>((resolve) => child.on('close', resolve));
  const [out, err, code] = await Promise.all([text(child.stdout), text(child.stderr), ended]);
  const said = `${out}${err}`.trim();
  // It says SUCCESS where all is well, and of metrics nothing at all.
  if (code === 0) return args.includes('metrics') ? said : '';
  return said === '' ? `promtool ended with ${String(code)}` : said;
}
