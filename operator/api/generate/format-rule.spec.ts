import { describe, expect, it } from 'vitest';
import * as z from 'zod';
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

  it('is checked wherever a schema is used, also in maps and when it is optional', () => {
    const uses = {
      a: z.record(z.string(), Quantity),
      b: Quantity.optional().describe('b'),
      c: Quantity.describe('c'),
    };
    const { properties } = toOpenApiSchema(z.strictObject(uses));
    expect(JSON.stringify(properties).match(/self\.matches/g)).toHaveLength(3);
  });

  it('is checked in the text form of a quantity, and the range in the other', () => {
    expect(JSON.stringify(toOpenApiSchema(Quantity))).toContain(
      'type(self) == int ? self >= 0 : self.matches',
    );
    expect(toOpenApiSchema(Quantity)).toMatchObject({
      maxLength: 32,
      'x-kubernetes-int-or-string': true,
    });
  });
});
