import { describe, expect, it } from 'vitest';
import { describeError, RingmasterError, systemErrorCode } from './errors.ts';

describe('the description of an error', () => {
  it('appends the causes, each once', () => {
    const cause = new Error('disk full', { cause: new Error('ENOSPC') });
    const wrapped = new RingmasterError('CheckpointFailed', 'step 5 could not be saved', { cause });
    expect(describeError(wrapped)).toBe('step 5 could not be saved: disk full: ENOSPC');
    expect(describeError(new Error('not saved: disk full', { cause }))).toBe('not saved: disk full: ENOSPC');
  });

  it('takes anything that was thrown', () => {
    expect(describeError('text')).toBe('text');
    expect(describeError({ code: 7 })).toBe('{ code: 7 }');
    expect(describeError(undefined)).toBe('');
  });
});

describe('a system error', () => {
  it('is known by its code', () => {
    expect(systemErrorCode(Object.assign(new Error('x'), { code: 'ENOENT' }))).toBe('ENOENT');
    expect(systemErrorCode(new Error('x'))).toBeUndefined();
  });
});
