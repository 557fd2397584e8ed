import { randomBytes } from 'node:crypto';

/** Somebody the API server knows by a token. */
export interface User {
  readonly name: string;
  readonly groups: readonly string[];
}

/** Users that every control plane has: a cluster admin, and its own components as RBAC knows them. */
export const builtInUsers = {
  admin: { name: 'admin', groups: ['system:masters'] },
  controllerManager: { name: 'system:kube-controller-manager', groups: [] },
  scheduler: { name: 'system:kube-scheduler', groups: [] },
} as const satisfies Record<string, User>;

/** A user with the token that proves it. */
export interface KnownUser extends User {
  readonly token: string;
}

/** Gives each user a token. */
export function withTokens(users: readonly User[]): Map<string, KnownUser> {
  return new Map(users.map((user) => [user.name, { ...user, token: randomBytes(16).toString('hex') }]));
}

/** The file of --token-auth-file. */
export function tokenFile(users: Iterable<KnownUser>): string {
  return [...users]
    .map(({ name, groups, token }) => `${token},${name},${name},"${groups.join(',')}"\n`)
    .join('');
}

/** A kubeconfig for one user of one server. */
export function kubeconfig(
  { name, token }: KnownUser,
  server: string,
  certificateAuthorityFile: string,
): string {
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'test',
    clusters: [{ name: 'test', cluster: { server, 'certificate-authority': certificateAuthorityFile } }],
    users: [{ name, user: { token } }],
    contexts: [{ name: 'test', context: { cluster: 'test', user: name } }],
  });
}
