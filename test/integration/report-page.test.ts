import { spawnSync } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { halfway, testRun } from '../../operator/cli/display/test-run.ts';
import { drawPage, type ReportContents } from '../../operator/cli/report/page.ts';
import { openPage, type Page } from '../browser/chromium.ts';

const hasChromium = spawnSync('chromium', ['--version']).error === undefined;
const axeFile = fileURLToPath(import.meta.resolve('axe-core/axe.min.js'));

/** A run that was restarted once, with a part of everything. */
function contents(): ReportContents {
  const uri = (step: number) => `s3://runs/vision/digits/afb3c0fc-12a4-4683-8d22-6bc431be30df/step-${step}`;
  const minute = (at: number) => `2026-01-01T00:${String(at).padStart(2, '0')}:00Z`;
  const epochs = Array.from({ length: 20 }, (_, index) => index + 1);
  return {
    run: testRun(halfway),
    history: epochs.map((epoch) => ({
      ...{ epoch, trainLoss: 2 / epoch, validationLoss: 2.2 / epoch, learningRate: 0.1 * (1 - epoch / 20) },
      ...{ top1: 1 - 0.8 / epoch, top5: 1 - 0.2 / epoch, imagesPerSecond: 4900 + 10 * (epoch % 7) },
    })),
    moments: [
      { kind: 'start', at: minute(0) },
      ...epochs.map((epoch) => ({ kind: 'checkpoint' as const, at: minute(2 * epoch) })),
      ...[
        { kind: 'restart' as const, at: minute(17) },
        { kind: 'end' as const, at: minute(41) },
      ],
    ],
    checkpoints: [19, 20].map((epoch) => ({
      ...{ uri: uri(epoch * 468), step: epoch * 468, sizeBytes: 1_234_567, epoch, top1: 0.9, attempt: 2 },
      savedAt: minute(2 * epoch),
    })),
    environment: [['machine', '2 x processor, 8 GiB']],
    events: [
      { at: minute(17), reason: 'RestartScheduled', note: 'rank 1 of digits-1-0 was ended by SIGKILL' },
    ],
    ...{ madeAt: minute(45), version: '0.1.0' },
  };
}

describe.skipIf(!hasChromium)('the report in a browser', () => {
  let folder: string;
  let page: Page;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'ringmaster-report-'));
    await writeFile(join(folder, 'report.html'), drawPage(contents()));
    page = await openPage();
    await page.open(pathToFileURL(join(folder, 'report.html')).href);
  });
  afterAll(async () => {
    await page.close();
    await rm(folder, { recursive: true, force: true });
  });

  const prefer = (scheme: 'light' | 'dark', media = 'screen') =>
    page.send('Emulation.setEmulatedMedia', {
      media,
      features: [{ name: 'prefers-color-scheme', value: scheme }],
    });
  const isShown = (selector: string) =>
    page.evaluate(`getComputedStyle(document.querySelector('${selector}')).display !== 'none'`);

  it('asks for nothing and has nothing to complain of', () => {
    expect(page.requests).toEqual([]);
    expect(page.complaints).toEqual([]);
  });

  it.each(['light', 'dark'] as const)('breaks no rule of axe on a %s ground', async (scheme) => {
    await prefer(scheme);
    expect(await isShown(`figure .${scheme}`)).toBe(true);
    await page.evaluate(await readFile(axeFile, 'utf8'));
    const found = await page.evaluate(
      `axe.run().then(({ violations, passes }) => ({
        violations: violations.map(({ id, nodes }) => [id, nodes.map(({ html }) => html.slice(0, 200))]),
        sawColours: passes.some(({ id }) => id === 'color-contrast'),
      }))`,
    );
    expect(found).toEqual({ violations: [], sawColours: true });
  });

  it('lets the keyboard reach all that scrolls, in order, and names it', async () => {
    const reached: unknown[] = [];
    for (let press = 0; press < 9; press += 1) {
      await page.press('Tab');
      reached.push(await page.evaluate('document.activeElement.ariaLabel'));
    }
    expect(reached).toEqual([
      'Chart of Loss',
      'Chart of Validation accuracy',
      'Chart of Learning rate',
      'Chart of Throughput',
      'Chart of What happened when',
      'Table of epoch, training loss, validation loss, top-1, top-5, learning rate, images/s',
      'Table of step, epoch, top-1, attempt, size, saved, where',
      'Table of time, reason, what',
      'Configuration in YAML',
    ]);
  });

  it('fits a narrow window, and cuts no label of a chart', async () => {
    const overflow = 'document.documentElement.scrollWidth - document.documentElement.clientWidth';
    const size = { height: 800, deviceScaleFactor: 1, mobile: false };
    await prefer('light');
    await page.send('Emulation.setDeviceMetricsOverride', { ...size, width: 360 });
    expect(await page.evaluate(overflow)).toBe(0);
    // Labels are drawn at 13 of the 720 units that a chart is wide.
    expect(
      await page.evaluate("(13 / 720) * document.querySelector('.light svg').clientWidth"),
    ).toBeGreaterThan(10);
    await page.send('Emulation.setDeviceMetricsOverride', { ...size, width: 1000 });
    expect(await page.evaluate(overflow)).toBe(0);
    const cut = await page.evaluate(
      `[...document.querySelectorAll('.light svg')].flatMap((svg) => {
        const { left, right } = svg.getBoundingClientRect();
        return [...svg.querySelectorAll('text')]
          .filter((text) => text.getBoundingClientRect().left < left || text.getBoundingClientRect().right > right)
          .map((text) => text.textContent);
      })`,
    );
    expect(cut).toEqual([]);
  });

  it('is light on paper', async () => {
    await prefer('dark', 'print');
    expect(await isShown('figure .light')).toBe(true);
    expect(await isShown('figure .dark')).toBe(false);
    const { data } = await page.send('Page.printToPDF');
    expect(Buffer.from(String(data), 'base64').subarray(0, 5).toString()).toBe('%PDF-');
  });
});
