import { describe, expect, it } from 'vitest';
import { testRun } from '../display/test-run.ts';
import { decideSubmission } from './submission.ts';

const wanted = testRun();

describe('a submitted run', () => {
  it('is created when there is none of its name', () => {
    expect(decideSubmission(undefined, wanted)).toEqual({ kind: 'create' });
  });

  it('continues where a crash left it', () => {
    expect(decideSubmission(testRun({ phase: 'Running' }), wanted)).toEqual({ kind: 'continue' });
  });

  it('is resumed when it was suspended, though its spec says so', () => {
    const suspended = testRun({ phase: 'Suspended' }, 'quickstart', { suspend: true });
    expect(decideSubmission(suspended, wanted)).toEqual({ kind: 'resume' });
  });

  it.each(['Succeeded', 'Failed'] as const)('is left alone when it has %s', (phase) => {
    expect(decideSubmission(testRun({ phase }), wanted)).toEqual({ kind: 'finished' });
  });

  it('is not mixed up with one of another spec, finished or not', () => {
    const other = testRun({ phase: 'Succeeded' }, 'quickstart', { recipe: { epochs: 90 } });
    expect(decideSubmission(other, wanted)).toEqual({
      kind: 'changed',
      changes: [{ path: 'spec.recipe.epochs', from: 90, to: undefined }],
    });
  });
});
