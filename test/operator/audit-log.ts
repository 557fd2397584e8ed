import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isObject } from '../../operator/api/v1alpha1/wire-guards.ts';

/** One request that the API server answered. */
export interface AuditedRequest {
  readonly user: string;
  readonly userAgent: string;
  readonly verb: string;
  /** API group; empty for the core. */
  readonly group: string;
  /** `pods`, `trainingruns/status`. */
  readonly resource: string;
  readonly namespace: string;
  readonly name: string;
  readonly code: number;
  /** When it was received, in milliseconds since the epoch. */
  readonly atMs: number;
}

/** The API server's own record of who asked for what. */
export interface AuditLog {
  readonly apiServerFlags: readonly string[];
  requests(): Promise<AuditedRequest[]>;
}

/** @param folder where the policy and the log are kept */
export async function createAuditLog(folder: string): Promise<AuditLog> {
  const policyFile = join(folder, 'audit-policy.json');
  const logFile = join(folder, 'audit.log');
  await writeFile(
    policyFile,
    JSON.stringify({
      apiVersion: 'audit.k8s.io/v1',
      kind: 'Policy',
      // A watch is answered when it begins; its end may come after the test's.
      omitStages: ['RequestReceived'],
      rules: [{ level: 'Metadata' }],
    }),
  );
  return {
    apiServerFlags: [`--audit-policy-file=${policyFile}`, `--audit-log-path=${logFile}`],
    requests: async () => {
      const text = await readFile(logFile, 'utf8');
      return text
        .split('\n')
        .slice(0, -1)
        .flatMap((line) => toRequest(JSON.parse(line)) ?? []);
    },
  };
}

function toRequest(event: unknown): AuditedRequest | undefined {
  if (!isObject(event) || !isObject(event.user) || !isObject(event.objectRef)) return undefined;
  const { user, objectRef, responseStatus, verb } = event;
  // A watch is noted twice, when it begins and when it ends.
  if (verb === 'watch' ? event.stage !== 'ResponseStarted' : event.stage !== 'ResponseComplete')
    return undefined;
  const subresource = typeof objectRef.subresource === 'string' ? `/${objectRef.subresource}` : '';
  return {
    user: textOf(user.username),
    userAgent: textOf(event.userAgent),
    verb: textOf(verb),
    group: textOf(objectRef.apiGroup),
    resource: `${textOf(objectRef.resource)}${subresource}`,
    namespace: textOf(objectRef.namespace),
    name: textOf(objectRef.name),
    code: isObject(responseStatus) ? Number(responseStatus.code) : 0,
    atMs: Date.parse(textOf(event.requestReceivedTimestamp)),
  };
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
