import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { Duration, Quantity } from '../v1alpha1/scalars.ts';
import { formatRule } from './format-rule.ts';
import { toOpenApiSchema } from './open-api-schema.ts';

describe('a text with a format', () => {
  it('becomes a rule that says in words what is allowed', () => {
    expect(toOpenApiSchema(Duration)).toEqual({
      type: 'string',
      maxLength: 32,
      'x-kubernetes-validations': [
        {
          rule: "self.matches(r'^([0-9]+(ms|s|m|h|d))+$')",
          message: 'must be a duration such as 90s, 10m or 2h30m',
        },
      ],
    });
  });

  it('is written without the escapes that only JavaScript needs', () => {
    const slash = z.string().regex(/^\/\./, 'must begin with /.');
    expect(formatRule(slash)?.rule).toBe(String.raw`self.matches(r'^/\.')`);
  });

  it('is left alone when it has none', () => {
    expect(formatRule(z.string().max(3))).toBeUndefined();
  });

  it('is checked in the text form of a quantity, and the range in the other', () => {
    expect(toOpenApiSchema(Quantity)).toMatchObject({
      'x-kubernetes-int-or-string': true,
      'x-kubernetes-validations': [
        { rule: expect.stringMatching(/^type\(self\) == int \? self >= 0 : self\.matches/) },
      ],
    });
  });
});
