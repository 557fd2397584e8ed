import { createHash } from 'node:crypto';
import { isObject } from '../api/v1alpha1/wire-guards.ts';
import type { Clock } from '../base/clock.ts';
import type { HttpCluster } from '../cluster/http/open-http-cluster.ts';

/** What somebody who asks for the metrics is told: 200, 401 for an unknown token, 403 for a missing right. */
export type AccessCode = 200 | 401 | 403;

/** An answer holds so long, so that a scrape every second does not become a request every second. */
const answerLifeMs = 60_000;
/** Tokens remembered; more are strangers that try. */
const mostTokens = 100;

/**
 * Asks the API server who has a bearer token and whether that account may `get` the path `/metrics`, as kube-rbac-proxy
 * and controller-runtime do.
 */
export function metricsAccess(
  cluster: Pick<HttpCluster, 'review'>,
  clock: Clock,
): (token: string | undefined) => Promise<AccessCode> {
  const answers = new Map<string, { readonly code: AccessCode; readonly atMs: number }>();
  return async (token) => {
    if (token === undefined) return 401;
    // Not the token itself: it would be found in a memory dump.
    const key = createHash('sha256').update(token).digest('hex');
    const known = answers.get(key);
    if (known !== undefined && clock.monotonicMs() - known.atMs < answerLifeMs) return known.code;
    const code = await ask(cluster, token);
    if (answers.size >= mostTokens) answers.clear();
    answers.set(key, { code, atMs: clock.monotonicMs() });
    return code;
  };
}

async function ask(cluster: Pick<HttpCluster, 'review'>, token: string): Promise<AccessCode> {
  const { authenticated, user } = await cluster.review('TokenReview', { token });
  if (authenticated !== true || !isObject(user)) return 401;
  const { username, groups, uid, extra } = user;
  const { allowed } = await cluster.review('SubjectAccessReview', {
    ...{ user: username, groups, uid, extra },
    nonResourceAttributes: { path: '/metrics', verb: 'get' },
  });
  return allowed === true ? 200 : 403;
}
