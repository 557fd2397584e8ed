import { describe, expect, it } from 'vitest';
import { ApiRefusal, isExpired } from './api-refusal.ts';
import { toApiStatus } from './api-status.ts';

function refusalFor(code: number, status: object | string, retryAfter?: number): ApiRefusal {
  const body = typeof status === 'string' ? status : { kind: 'Status', code, ...status };
  return new ApiRefusal(toApiStatus(code, body, retryAfter));
}

describe("the server's refusal", () => {
  it.each([
    [404, { reason: 'NotFound' }, 'NotFound'],
    [409, { reason: 'AlreadyExists' }, 'AlreadyExists'],
    [409, { reason: 'Conflict' }, 'Conflict'],
    [422, { reason: 'Invalid' }, 'Invalid'],
    [403, { reason: 'Forbidden' }, 'Forbidden'],
    [500, { reason: 'InternalError' }, 'Unavailable'],
    [504, { reason: 'Timeout' }, 'Unavailable'],
    [429, 'slow down', 'TooManyRequests'],
    [415, { reason: 'UnsupportedMediaType' }, 'BadRequest'],
  ])('%i %j is %s here', (code, status, reason) => {
    expect(refusalFor(code, status).reason).toBe(reason);
  });

  it('names each invalid field once, and nothing that is no field', () => {
    const field = {
      reason: 'FieldValueInvalid',
      field: 'spec.model.depth',
      message: 'Unsupported value: 15',
    };
    const rest = {
      reason: 'FieldValueInvalid',
      field: '<nil>',
      message: 'some validation rules were not checked',
    };
    const refusal = refusalFor(422, {
      reason: 'Invalid',
      message: 'invalid',
      details: { causes: [field, field, rest] },
    });
    expect(refusal.fields).toEqual([{ path: 'spec.model.depth', message: 'Unsupported value: 15' }]);
  });

  it('of misspelt fields is an invalid object that names them', () => {
    const refusal = refusalFor(400, {
      reason: 'BadRequest',
      message:
        'cannot be handled: strict decoding error: unknown field "spec.modle", duplicate field "spec.data"',
    });
    expect(refusal.reason).toBe('Invalid');
    expect(refusal.fields).toEqual([
      { path: 'spec.modle', message: 'unknown field' },
      { path: 'spec.data', message: 'duplicate field' },
    ]);
  });

  it('says when to come back, by the header before the body', () => {
    const details = { retryAfterSeconds: 5 };
    expect(refusalFor(429, { details }).status.retryAfterSeconds).toBe(5);
    expect(refusalFor(429, { details }, 2).status.retryAfterSeconds).toBe(2);
  });

  it('of a version that it no longer or not yet has means that all must be listed again', () => {
    const tooLarge = { details: { causes: [{ reason: 'ResourceVersionTooLarge' }] } };
    expect(isExpired(refusalFor(410, { reason: 'Expired' }))).toBe(true);
    expect(isExpired(refusalFor(504, { reason: 'Timeout', ...tooLarge }))).toBe(true);
    expect(isExpired(refusalFor(504, { reason: 'Timeout' }))).toBe(false);
    expect(isExpired(new Error('410'))).toBe(false);
  });
});
