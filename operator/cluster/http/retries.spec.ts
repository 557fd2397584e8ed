import { describe, expect, it } from 'vitest';
import { ClusterError } from '../cluster-error.ts';
import { ApiRefusal } from './api-refusal.ts';
import { toApiStatus } from './api-status.ts';
import { retryDelayMs } from './retries.ts';

const read = { method: 'GET' } as const;
const create = { method: 'POST' } as const;

const refused = (code: number, retryAfter?: number) => new ApiRefusal(toApiStatus(code, '', retryAfter));
const broken = (code: string) =>
  new ClusterError('Unavailable', 'no answer', { cause: Object.assign(new Error(code), { code }) });

describe('a failed request', () => {
  it.each([
    ['a read of a server in trouble', read, refused(500), 200],
    ['a read over a broken connection', read, broken('ECONNRESET'), 200],
    ['a creation over a broken connection', create, broken('ECONNRESET'), undefined],
    ['a creation that never left', create, broken('ECONNREFUSED'), 200],
    ['a creation at a server in trouble', create, refused(500), undefined],
    ['a creation that the server asks to repeat', create, refused(503, 1), 1000],
    ['a creation at a busy server', create, refused(429), 200],
    ['anything at a server that asks for a long time', read, refused(429, 600), 30_000],
    ['what is refused for good', read, refused(404), undefined],
    ['what is no answer of the server at all', read, new TypeError('bug'), undefined],
  ])('%s', (_, request, error, delayMs) => {
    expect(retryDelayMs(request, error, 1, 0)).toBe(delayMs);
  });
});
