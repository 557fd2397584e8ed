import { describe, expect, it } from 'vitest';
import { aRun, startMs } from '../plan/testing/fixtures.ts';
import { eventOf } from './events.ts';

describe('an event', () => {
  const announcement = { type: 'Warning' as const, reason: 'RestartScheduled', message: 'Attempt 1 ended' };

  it('regards the run and says who reports', () => {
    expect(eventOf(aRun(), announcement, startMs, 'ringmaster-0')).toMatchObject({
      apiVersion: 'events.k8s.io/v1',
      metadata: { namespace: 'vision' },
      eventTime: '2026-01-01T00:00:00.000000Z',
      type: 'Warning',
      reason: 'RestartScheduled',
      note: 'Attempt 1 ended',
      regarding: { kind: 'TrainingRun', name: 'digits', uid: 'uid-1' },
      reportingController: 'ringmaster.dev/operator',
      reportingInstance: 'ringmaster-0',
    });
  });

  it('has the same name as its repetition and another than any other', () => {
    const name = (message: string, atMs: number) =>
      eventOf(aRun(), { ...announcement, message }, atMs, 'x').metadata.name;
    expect(name('a', startMs)).toBe(name('a', startMs + 1));
    expect(name('a', startMs)).not.toBe(name('b', startMs));
    expect(name('a', startMs)).toMatch(/^digits\.[0-9a-f]{16}$/);
  });

  it('has a note of at most 1,024 bytes, not cut within a character', () => {
    const { note } = eventOf(aRun(), { ...announcement, message: '€'.repeat(1000) }, startMs, 'x');
    expect(note).toBe('€'.repeat(341));
  });
});
