import { lookup } from 'node:dns/promises';
import { readFile } from 'node:fs/promises';
import { isIP } from 'node:net';
import { systemErrorCode } from '../../operator/base/errors.ts';

/** Finds the address of a host name. Rejects while the name is unknown, as that of a pod that has no address yet. */
export type ResolveHost = (name: string) => Promise<string>;

/**
 * A resolver that asks a hosts file first and DNS second.
 * @param hostsFile lines of `<address> <name> ...` as in /etc/hosts, read anew each time because pods come and go;
 *   absent on a cluster, where DNS answers
 */
export function createHostResolver(hostsFile: string | undefined): ResolveHost {
  return async (name) => {
    if (isIP(name) !== 0) return name;
    const listed = hostsFile === undefined ? undefined : findInHosts(await readOrEmpty(hostsFile), name);
    return listed ?? (await lookup(name)).address;
  };
}

/** `host:port`, with the brackets that an IPv6 address needs. */
export function hostAndPort(host: string, port: number): string {
  return isIP(host) === 6 ? `[${host}]:${port}` : `${host}:${port}`;
}

/** The address that a hosts file gives a name; the first line that has it wins. */
export function findInHosts(hosts: string, name: string): string | undefined {
  for (const line of hosts.split('\n')) {
    const [address, ...names] = line.replace(/#.*/, '').trim().split(/\s+/);
    if (names.includes(name)) return address;
  }
  return undefined;
}

async function readOrEmpty(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return '';
    throw error;
  }
}
