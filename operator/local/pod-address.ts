import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { supervisorPort } from '../api/trainer/environment.ts';
import { systemErrorCode } from '../base/errors.ts';
import { ContainerStartError } from './container-start-error.ts';

/** Addresses tried before giving up. Each is one of 16 million, so a second try is rare. */
const maxTries = 16;

/** The addresses of the pods on this node. */
export class PodAddresses {
  readonly #taken = new Set<string>();

  /** @throws ContainerStartError when no address can be had */
  async take(): Promise<string> {
    const address = await findPodAddress((candidate) => this.#taken.has(candidate));
    this.#taken.add(address);
    return address;
  }

  release(address: string): void {
    this.#taken.delete(address);
  }
}

/**
 * An address in 127.0.0.0/8 on which nobody listens at the trainers' port, so that every pod can use the same ports.
 * Another agent on this machine does not know our addresses, hence a random one that is tried.
 */
async function findPodAddress(isTaken: (address: string) => boolean): Promise<string> {
  let lastError: unknown;
  for (let attempt = 0; attempt < maxTries; attempt += 1) {
    // 127.0.x.x is where other programs live; 0 and 255 look like networks and broadcasts.
    const address = `127.${randomInt(1, 255)}.${randomInt(0, 256)}.${randomInt(1, 255)}`;
    if (isTaken(address)) continue;
    try {
      await listenOnce(address, supervisorPort);
      return address;
    } catch (error) {
      lastError = error;
    }
  }
  const code = systemErrorCode(lastError) ?? 'no free address';
  throw new ContainerStartError(
    'StartError',
    `no address in 127.0.0.0/8 is free for a pod: port ${supervisorPort} could not be used on any of ${maxTries} (${code}); ` +
      `a program that listens on it on all addresses has to end first (ss -ltnp 'sport = :${supervisorPort}' shows it)`,
    lastError,
  );
}

async function listenOnce(host: string, port: number): Promise<void> {
  const server = createServer();
  server.listen({ host, port, exclusive: true });
  await once(server, 'listening');
  server.close();
  await once(server, 'close');
}
