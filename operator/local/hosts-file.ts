import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Pod } from '../api/wire.ts';

/** A pod and the address it has. */
interface Host {
  readonly namespace: string;
  readonly names: readonly string[];
  readonly shortName: string;
  readonly address: string;
}

/**
 * The DNS of the small world: files in the format of hosts(5) with the pods that have a host name and a subdomain.
 * There is one for each namespace, as short names mean something else in each.
 */
export class HostsFiles {
  readonly #folder: string;
  readonly #hosts = new Map<string, Host>();

  /** @param folder where the files are kept; made when it is missing */
  constructor(folder: string) {
    this.#folder = folder;
    mkdirSync(folder, { recursive: true });
  }

  /** The file for the processes of a namespace. It is replaced whenever a pod comes or goes. */
  fileOf(namespace: string): string {
    return join(this.#folder, namespace);
  }

  add({ metadata, spec }: Pod, address: string): void {
    const { namespace = '', name, uid = '' } = metadata;
    const host = spec.hostname ?? name;
    const shortName = spec.subdomain === undefined ? host : `${host}.${spec.subdomain}`;
    const inNamespace = `${shortName}.${namespace}`;
    const names =
      spec.subdomain === undefined
        ? []
        : [`${inNamespace}.svc.cluster.local`, `${inNamespace}.svc`, inNamespace];
    this.#hosts.set(uid, { namespace, names, shortName, address });
    this.#write(namespace);
  }

  delete({ metadata: { namespace = '', uid = '' } }: Pod): void {
    if (this.#hosts.delete(uid)) this.#write(namespace);
  }

  /** Names of other namespaces are in each file too, so all are written. */
  #write(namespace: string): void {
    const namespaces = new Set([namespace, ...[...this.#hosts.values()].map((host) => host.namespace)]);
    for (const each of namespaces) {
      const file = this.fileOf(each);
      writeFileSync(`${file}.new`, renderHosts(each, [...this.#hosts.values()]));
      renameSync(`${file}.new`, file); // Readers see the old file or the new one, never half of one.
    }
  }
}

function renderHosts(namespace: string, hosts: readonly Host[]): string {
  const lines = hosts
    .map(({ address, names, ...host }) =>
      [address, ...names, ...(host.namespace === namespace ? [host.shortName] : [])].join(' '),
    )
    .filter((line) => line.includes(' '));
  return ['127.0.0.1 localhost', ...lines, ''].join('\n');
}
