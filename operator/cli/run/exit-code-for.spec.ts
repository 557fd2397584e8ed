import { describe, expect, it } from 'vitest';
import type { Phase } from '../../api/v1alpha1/status.ts';
import { testRun } from '../display/test-run.ts';
import { exitCodeFor } from './exit-code-for.ts';

/** A run at its end; for a failure, the exit code of the trainer. */
function ended(phase: Phase, exitCode?: number) {
  if (exitCode === undefined) return testRun({ phase });
  const lastFailure = {
    attempt: 1,
    pod: 'a-1-0',
    reason: 'X',
    message: '',
    at: '2026-01-01T00:00:00Z',
    exitCode,
  };
  return testRun({ phase, lastFailure });
}

describe('the exit code', () => {
  it.each([
    ['every run succeeded', [ended('Succeeded'), ended('Succeeded')], undefined, 0],
    ['every run succeeded in spite of Ctrl-C', [ended('Succeeded')], 'SIGINT', 0],
    ['a run succeeded after a failure', [ended('Succeeded', 75)], undefined, 0],
    ['a run failed', [ended('Succeeded'), ended('Failed')], undefined, 1],
    ['restarts were used up', [ended('Failed', 75)], undefined, 1],
    ['the recipe is wrong', [ended('Failed', 64)], undefined, 64],
    ['the data is bad', [ended('Failed', 65), ended('Succeeded')], undefined, 65],
    ['training diverged', [ended('Failed', 66)], undefined, 66],
    ['runs failed for different reasons', [ended('Failed', 65), ended('Failed', 66)], undefined, 1],
    ['Ctrl-C suspended a run', [ended('Suspended'), ended('Succeeded')], 'SIGINT', 130],
    ['SIGTERM suspended a run', [ended('Suspended')], 'SIGTERM', 143],
    ['a run had failed before Ctrl-C', [ended('Failed'), ended('Suspended')], 'SIGINT', 1],
  ] as const)('when %s is as documented', (_, runs, signal, code) => {
    expect(exitCodeFor(runs, signal)).toBe(code);
  });
});
