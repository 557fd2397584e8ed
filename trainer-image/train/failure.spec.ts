import { describe, expect, it } from 'vitest';
import { RingmasterError } from '../../operator/base/errors.ts';
import { toFailure } from './failure.ts';

describe('a failure', () => {
  it('keeps the reason word of an error of our own, and its causes', () => {
    const error = new RingmasterError('InvalidData', 'cannot read', { cause: new Error('ENOENT') });
    expect(toFailure(error, 7)).toEqual({ reason: 'InvalidData', message: 'cannot read: ENOENT', step: 7 });
  });

  it('is Internal, with the place, for anything else', () => {
    expect(toFailure(new TypeError('x is undefined'), undefined)).toEqual({
      reason: 'Internal',
      message: expect.stringMatching(/^x is undefined \(at .*failure\.spec\.ts/) as string,
    });
    expect(toFailure(new RingmasterError('Unheard', 'odd'), undefined).reason).toBe('Internal');
    expect(toFailure('text', undefined)).toEqual({ reason: 'Internal', message: 'text' });
  });
});
