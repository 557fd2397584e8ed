import { describe, expect, it } from 'vitest';
import { drawEventTable, lastSeenMs, type ReadEvent } from './event-table.ts';
import { createStyle } from './style.ts';

const nowMs = Date.parse('2026-01-01T00:01:00Z');
const event: ReadEvent = {
  apiVersion: 'events.k8s.io/v1',
  kind: 'Event',
  metadata: { name: 'digits.1', namespace: 'vision', creationTimestamp: '2026-01-01T00:00:10Z' },
  eventTime: '2026-01-01T00:00:10.000000Z',
  type: 'Warning',
  reason: 'RestartScheduled',
  action: 'RestartScheduled',
  note: 'Attempt 1 ended\n  and so on',
  regarding: { apiVersion: 'v1', kind: 'TrainingRun', name: 'digits' },
  reportingController: 'ringmaster.dev/operator',
  reportingInstance: 'a',
};

describe('the table of events', () => {
  it('says when each happened last, how often, and what in one line', () => {
    const repeated = { ...event, series: { count: 3, lastObservedTime: '2026-01-01T00:00:50.000000Z' } };
    const [, first, second] = drawEventTable([event, repeated], nowMs, createStyle(false));
    expect(first).toMatch(
      /^50 s ago +Warning +RestartScheduled +TrainingRun digits +Attempt 1 ended and so on$/,
    );
    expect(second).toMatch(/^10 s ago .* x3 +Attempt/);
  });

  it('reads events of the older API, as kubelets write them', () => {
    const old = {
      ...event,
      eventTime: null,
      deprecatedLastTimestamp: '2026-01-01T00:00:40Z',
      deprecatedCount: 7,
    };
    expect(lastSeenMs(old)).toBe(nowMs - 20_000);
    expect(drawEventTable([old], nowMs, createStyle(false))[1]).toContain(' x7 ');
    expect(lastSeenMs({ ...event, eventTime: null })).toBe(nowMs - 50_000);
  });
});
