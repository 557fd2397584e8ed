import { describe, expect, it } from 'vitest';
import {
  formatTerminationMessage,
  parseTerminationMessage,
  terminationMessageSizeBytes,
  type TerminationMessage,
} from './termination-message.ts';

const longUri = `s3://bucket/${'k'.repeat(1000)}`;
const progress = { epoch: 1, epochs: 2, step: 10, steps: 20, percent: 50, updatedAt: '2026-01-01T00:00:00Z' };
const checkpoint = { step: 10, epoch: 1, uri: 's3://bucket/step-10', savedAt: '2026-01-01T00:00:00Z' };

describe('a termination message', () => {
  it('is read back as it was written', () => {
    const message: TerminationMessage = {
      reason: 'RankKilled',
      message: 'rank 1',
      rank: 1,
      progress,
      checkpoint,
    };
    expect(parseTerminationMessage(formatTerminationMessage(message))).toEqual(message);
  });

  it('stays valid JSON within what the kubelet keeps, whatever its parts', () => {
    const text = formatTerminationMessage({
      reason: 'Completed',
      message: '\u{1F600}'.repeat(1000),
      checkpoint: { ...checkpoint, uri: longUri, bestUri: longUri },
      progress,
      start: { skipped: [{ uri: longUri, why: 'w'.repeat(1000) }] },
      result: { top1: 0.9, top5: 0.99, epochs: 2, trainSeconds: 10, uri: longUri },
    });
    expect(Buffer.byteLength(text)).toBeLessThanOrEqual(terminationMessageSizeBytes);
    expect(parseTerminationMessage(text)?.result?.top1).toBe(0.9);
  });

  it('is not made out of what another program wrote', () => {
    expect(parseTerminationMessage('Segmentation fault')).toBeUndefined();
    expect(parseTerminationMessage('{"reason":"Unheard"}')).toBeUndefined();
    expect(parseTerminationMessage('{')).toBeUndefined();
  });
});
