import { describe, expect, it } from 'vitest';
import { halfway, testRun } from '../display/test-run.ts';
import { drawPage, type ReportContents } from './page.ts';

const history = [1, 2, 3].map((epoch) => ({
  epoch,
  trainLoss: 1 / epoch,
  learningRate: 0.1,
  validationLoss: 1.1 / epoch,
  top1: 0.3 * epoch,
  top5: 0.99,
  imagesPerSecond: 1234.5,
}));
const savedAt = '2026-01-01T00:10:00Z';
const contents: ReportContents = {
  run: testRun(halfway),
  history,
  moments: [
    { kind: 'start', at: '2026-01-01T00:00:00Z' },
    { kind: 'restart', at: '2026-01-01T00:05:00Z' },
    { kind: 'checkpoint', at: savedAt },
  ],
  checkpoints: [{ uri: '/checkpoints/step-1404', step: 1404, sizeBytes: 1, epoch: 3, top1: 0.9, savedAt }],
  events: [{ at: '2026-01-01T00:05:00Z', reason: 'RestartScheduled', note: '<script>alert("&")</script>' }],
  environment: [['ranks', '2 ranks in 1 pod']],
  madeAt: '2026-01-01T01:00:00Z',
  version: '0.1.0',
};

describe('the page of a run', () => {
  it('needs nothing besides itself: no script and nothing to fetch', () => {
    const page = drawPage(contents);
    expect(page).not.toMatch(/<script|<link|<img|@import|url\((?!#)|src=/);
    const addresses = [...page.matchAll(/https?:\/\/[^"'\s<]+/g)].map(([address]) => address);
    expect(new Set(addresses)).toEqual(
      new Set(['http://www.w3.org/2000/svg', 'http://www.w3.org/1999/xlink']),
    );
  });

  it('keeps text text, whatever it says', () => {
    expect(drawPage(contents)).toContain('&lt;script&gt;alert(&quot;&amp;&quot;)&lt;/script&gt;');
  });

  it('has each chart for a light and a dark ground, with a name, and its figures as a table', () => {
    const page = drawPage(contents);
    for (const title of [
      'Loss',
      'Validation accuracy',
      'Learning rate',
      'Throughput',
      'What happened when',
    ]) {
      expect(page.match(new RegExp(`<svg role="img" aria-label="${title}"`, 'g'))).toHaveLength(2);
    }
    expect(page).toContain('<td>3</td><td>0.3333</td><td>0.3667</td><td>90.00 %</td>');
    expect(page).toContain('<td>0.100</td><td>1,235</td>');
    expect(page).toContain('<dt>ranks</dt><dd>2 ranks in 1 pod</dd>');
  });

  it('is a page also of a run of which nothing is known yet', () => {
    const page = drawPage({
      ...contents,
      ...{ run: testRun(), history: [], moments: [], checkpoints: [], events: [] },
    });
    expect(page).toContain('<h2>Configuration</h2>');
    expect(page).not.toContain('<svg');
  });
});
