import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';

const program = fileURLToPath(new URL('ranks/convolution.ts', import.meta.url));

/** What oneDNN says that it executes while the program runs with this in its environment. */
async function executed(environment: Record<string, string>): Promise<string> {
  const env = { ...process.env, TF_ENABLE_ONEDNN_OPTS: undefined, ONEDNN_VERBOSE: '1', ...environment };
  return (await promisify(execFile)(process.execPath, [program], { env })).stdout;
}

const convolution = 'exec,cpu,convolution';

it('convolutions run in oneDNN on every processor, unless the environment says no', async () => {
  expect(await executed({})).toContain(convolution);
  expect(await executed({ TF_ENABLE_ONEDNN_OPTS: '0' })).not.toContain(convolution);
});
