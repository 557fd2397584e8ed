import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { otherVersionPrograms } from '../control-plane/programs.ts';

/*
 * `npm run test:versions`: what `npm test` shows with Helm 4 on Kubernetes 1.36, shown with Helm 3, and on the next
 * Kubernetes. 4 minutes on two idle processors once everything is built.
 */

const repository = fileURLToPath(new URL('../..', import.meta.url));
const chart = ['test/chart'];
const cluster = ['api-server-crd', 'sweep-crd', 'gang', 'kueue'].map((name) => `test/integration/${name}`);

const { helm3, controlPlane } = await otherVersionPrograms();
const matrix: readonly {
  readonly name: string;
  readonly files: readonly string[];
  readonly env: Record<string, string>;
}[] = [
  { name: 'Helm 3', files: chart, env: { RINGMASTER_TEST_HELM: helm3 } },
  {
    name: 'Kubernetes 1.37',
    files: [...chart, ...cluster],
    env: { RINGMASTER_TEST_CONTROL_PLANE: controlPlane },
  },
  {
    name: 'Helm 3 on Kubernetes 1.37',
    files: ['test/chart/install'],
    env: { RINGMASTER_TEST_HELM: helm3, RINGMASTER_TEST_CONTROL_PLANE: controlPlane },
  },
];

for (const { name, files, env } of matrix) {
  process.stdout.write(`\n${name}\n`);
  const running = spawn('npx', ['vitest', 'run', '--config', 'test/config/vitest.config.ts', ...files], {
    cwd: repository,
    env: { ...process.env, ...env },
    stdio: 'inherit',
  });
  const [code] = (await once(running, 'close')) as [number | null];
  if (code !== 0) process.exitCode = 1;
}
