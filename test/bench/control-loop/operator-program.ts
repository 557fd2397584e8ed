import { copyFile, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { startChild, type Child } from '../../control-plane/child.ts';
import { freePorts } from '../../control-plane/free-ports.ts';
import type { ControlPlane } from '../../control-plane/start.ts';
import { until } from '../../control-plane/until.ts';

/** How the program of another operator is started. */
export interface OperatorProgram {
  readonly name: string;
  readonly user: string;
  readonly program: string;
  /** Its flags, given the free ports of its webhooks and of its probes. */
  readonly flags: (webhookPort: number, probePort: number) => readonly string[] | Promise<readonly string[]>;
}

/**
 * Starts an operator that is built on controller-runtime, as a user who may do everything, and waits until its own
 * readiness probe says yes. Its webhook server, which nobody asks anything, has the API server's certificate.
 * @param temporaryFolder a new folder, which it takes for that of the machine
 */
export async function startOperator(
  controlPlane: ControlPlane,
  temporaryFolder: string,
  { name, user, program, flags }: OperatorProgram,
): Promise<Child> {
  const [webhookPort = 0, probePort = 0] = await freePorts(2);
  const certificates = join(temporaryFolder, 'k8s-webhook-server', 'serving-certs');
  await mkdir(certificates, { recursive: true });
  for (const [from, to] of [
    ['apiserver.crt', 'tls.crt'],
    ['apiserver.key', 'tls.key'],
  ] as const)
    await copyFile(join(controlPlane.folder, from), join(certificates, to));
  const child = await startChild(
    name,
    program,
    await flags(webhookPort, probePort),
    `${temporaryFolder}.log`,
    {
      KUBECONFIG: await controlPlane.kubeconfigFile(user),
      TMPDIR: temporaryFolder,
    },
  );
  const isReady = async () => {
    const end = await child.ended();
    if (end !== undefined) throw new Error(end);
    const answer = await fetch(`http://127.0.0.1:${String(probePort)}/readyz`).catch(() => undefined);
    return answer?.ok === true ? true : undefined;
  };
  try {
    await until(`${name} is ready`, isReady, { timeoutMs: 120_000 });
  } catch (error) {
    await child.kill();
    throw error;
  }
  return child;
}
