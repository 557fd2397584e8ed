import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { applyMergePatch } from '../cluster/embedded/merge-patch.ts';
import { mergePatchOf } from './merge-patch-of.ts';

describe('the merge patch between two objects', () => {
  it('holds only what differs, with null for what goes', () => {
    const before = {
      phase: 'Running',
      progress: { step: 1, loss: 2 },
      nextAttemptAt: 'x',
      conditions: [{ type: 'a' }],
    };
    const after = { phase: 'Running', progress: { step: 2 }, conditions: [{ type: 'a' }] };
    expect(mergePatchOf(before, after)).toEqual({ progress: { step: 2, loss: null }, nextAttemptAt: null });
  });

  it('is nothing between equal objects', () => {
    expect(mergePatchOf({ a: [1, { b: 2 }], c: undefined }, { a: [1, { b: 2 }] })).toBeUndefined();
  });

  it('makes the one of the other when it is applied', () => {
    const value = fc.letrec((tie) => ({
      leaf: fc.oneof(fc.integer(), fc.string(), fc.boolean(), fc.array(fc.integer(), { maxLength: 3 })),
      object: fc.dictionary(
        fc.constantFrom('a', 'b', 'c'),
        fc.oneof({ depthSize: 'small' }, tie('leaf'), tie('object')),
      ),
    })).object as fc.Arbitrary<object>;
    fc.assert(
      fc.property(value, value, (before, after) => {
        expect(applyMergePatch(before, mergePatchOf(before, after) ?? {})).toEqual(after);
      }),
    );
  });
});
