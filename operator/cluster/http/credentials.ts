import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { RequestOptions } from 'node:https';
import { isObject } from '../../api/v1alpha1/wire-guards.ts';
import type { Clock } from '../../base/clock.ts';
import { ClusterError } from '../cluster-error.ts';
import type { ApiAccess } from './api-access.ts';

/** The material of TLS connections to the server. */
interface TlsOptions {
  readonly ca?: string | Buffer;
  readonly cert?: string | Buffer;
  readonly key?: string | Buffer;
  readonly servername?: string;
  readonly rejectUnauthorized?: boolean;
}

/** What one request needs to reach the server and be known there. */
export interface Credentials {
  /** Base address, without a slash at its end. */
  readonly server: string;
  readonly proxyUrl?: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly tls: TlsOptions;
  /** Changes when `tls` or the address does: connections made with another cannot be used on. */
  readonly connectionKey: string;
}

/** Credentials that follow their files: certificates are renewed and tokens rotated while the process runs. */
export interface CredentialSource {
  current(): Promise<Credentials>;
  /** Forgets what was read, because the server refused it. */
  reload(): void;
}

/** Kubelets rotate tokens at 80 % of their life, so what is a minute old is still good; client-go reads as often. */
const maxAgeMs = 60_000;

/** Reads the current context of a kubeconfig, or the service account of a pod. */
export function createCredentialSource(access: ApiAccess, clock: Clock): CredentialSource {
  let cached: { readonly credentials: Promise<Credentials>; readonly readAt: number } | undefined;
  let isRefused = false;
  return {
    current() {
      const now = clock.monotonicMs();
      if (cached === undefined || now - cached.readAt > maxAgeMs) {
        const credentials = readCredentials(access, isRefused);
        cached = { credentials, readAt: now };
        isRefused = false;
        // A file that cannot be read now may be readable at the next request.
        credentials.catch(() => (cached = undefined));
      }
      return cached.credentials;
    },
    reload() {
      cached = undefined;
      isRefused = true;
    },
  };
}

async function readCredentials(access: ApiAccess, isRefused: boolean): Promise<Credentials> {
  const cluster = access.getCurrentCluster();
  if (cluster === null) {
    throw new ClusterError(
      'Unavailable',
      `the kubeconfig has no cluster for context "${access.getCurrentContext()}"; choose another context`,
    );
  }
  const options: RequestOptions = {};
  try {
    await access.applyToHTTPSOptions(options);
  } catch (error) {
    throw new ClusterError(
      'Unauthorized',
      'the credentials of the kubeconfig or service account cannot be read',
      {
        cause: error,
      },
    );
  }
  const headers = textHeaders(options);
  const freshToken = isRefused ? await tokenFromFile(access) : undefined;
  if (freshToken !== undefined) headers.authorization = `Bearer ${freshToken}`;

  const server = cluster.server.replace(/\/+$/, '');
  const tls = tlsOptions(options);
  return {
    server,
    ...(cluster.proxyUrl === undefined ? {} : { proxyUrl: cluster.proxyUrl }),
    headers,
    tls,
    connectionKey: connectionKey(server, tls),
  };
}

function textHeaders({ headers = {}, auth }: RequestOptions): Record<string, string> {
  const texts: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) {
    if (typeof value === 'string') texts[name.toLowerCase()] = value.trim();
  }
  if (typeof auth === 'string') texts.authorization = `Basic ${Buffer.from(auth).toString('base64')}`;
  return texts;
}

/** The library reads a token file at most once a minute; a token that was just refused must be read at once. */
async function tokenFromFile(access: ApiAccess): Promise<string | undefined> {
  const provider: unknown = access.getCurrentUser()?.authProvider;
  const config = isObject(provider) ? provider.config : undefined;
  if (!isObject(config)) return undefined;
  return typeof config.tokenFile === 'string' ? (await readFile(config.tokenFile, 'utf8')).trim() : undefined;
}

function tlsOptions({ ca, cert, key, servername, rejectUnauthorized }: RequestOptions): TlsOptions {
  return {
    ...(isBytes(ca) ? { ca } : {}),
    ...(isBytes(cert) ? { cert } : {}),
    ...(isBytes(key) ? { key } : {}),
    ...(servername === undefined ? {} : { servername }),
    ...(rejectUnauthorized === undefined ? {} : { rejectUnauthorized }),
  };
}

function isBytes(value: unknown): value is string | Buffer {
  return typeof value === 'string' || Buffer.isBuffer(value);
}

function connectionKey(server: string, tls: TlsOptions): string {
  const hash = createHash('sha256').update(server);
  for (const part of [tls.ca, tls.cert, tls.key, tls.servername, String(tls.rejectUnauthorized)]) {
    hash.update('\0').update(part ?? '');
  }
  return hash.digest('hex');
}
