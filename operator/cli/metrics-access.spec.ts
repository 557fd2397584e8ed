import { describe, expect, it } from 'vitest';
import { ManualClock } from '../base/testing/manual-clock.ts';
import { metricsAccess } from './metrics-access.ts';

/** An API server that knows two tokens, of which one may read metrics. */
function world() {
  const clock = new ManualClock();
  const asked: string[] = [];
  const review = (kind: string, spec: Readonly<Record<string, unknown>>) => {
    asked.push(kind);
    if (kind === 'SubjectAccessReview') return Promise.resolve({ allowed: spec.user === 'prometheus' });
    const names: Readonly<Record<string, string>> = { good: 'prometheus', other: 'somebody' };
    const username = names[String(spec.token)];
    return Promise.resolve(
      username === undefined ? { authenticated: false } : { authenticated: true, user: { username } },
    );
  };
  return { clock, asked, access: metricsAccess({ review }, clock) };
}

describe('access to the metrics', () => {
  it('has who may get /metrics, and nobody else', async () => {
    const { access } = world();
    expect(await access('good')).toBe(200);
    expect(await access('other')).toBe(403);
    expect(await access('forged')).toBe(401);
    expect(await access(undefined)).toBe(401);
  });

  it('is asked of the API server once a minute for a token', async () => {
    const { access, asked, clock } = world();
    await access('good');
    await access('good');
    expect(asked).toEqual(['TokenReview', 'SubjectAccessReview']);
    await clock.advance(60_000);
    await access('good');
    expect(asked).toHaveLength(4);
  });
});
