import { spawnSync } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ablationManifest, searchManifest } from '../../operator/api/v1alpha1/testing/sweep-manifests.ts';
import type { TrialRow } from '../../operator/api/v1alpha1/training-sweep-status.ts';
import { validateTrainingSweep } from '../../operator/api/v1alpha1/training-sweep-validate.ts';
import { drawSweepPage } from '../../operator/cli/report/sweep-page.ts';
import { openPage, type Page } from '../browser/chromium.ts';

const hasChromium = spawnSync('chromium', ['--version']).error === undefined;
const axeFile = fileURLToPath(import.meta.resolve('axe-core/axe.min.js'));
const madeAt = '2026-01-01T00:00:00Z';

function pageOf(manifest: object, rows: readonly Partial<TrialRow>[]): string {
  const validation = validateTrainingSweep(manifest);
  if (!validation.ok) throw new Error(JSON.stringify(validation.problems));
  const trials = rows.map((row, index) => ({
    ...{ index, phase: 'Succeeded' as const, changedAt: madeAt, epoch: 8 },
    ...row,
  }));
  const sweep = { ...validation.sweep, status: { phase: 'Succeeded' as const, trials } };
  const curves = trials.map(({ index, value = 0 }) => ({
    index,
    history: [1, 4, 8].map((epoch) => ({
      ...{ epoch, trainLoss: 1, learningRate: 0.1, top1: value - 0.1 / epoch },
    })),
  }));
  return drawSweepPage({ sweep, curves, environment: [['TensorFlow', '2.21.0']], madeAt, version: '0.1.0' });
}

const values = [0.9, 0.92, 0.9, 0.902, 0.921, 0.906, 0.898, 0.919, 0.899];
const pages = {
  ablation: pageOf(
    ablationManifest(),
    values.map((value) => ({ value })),
  ),
  search: pageOf(
    searchManifest({
      parameters: [
        { path: 'recipe.learningRate.base', double: { min: 0.01, max: 1, scale: 'log' } },
        { path: 'recipe.optimizer.name', values: ['nesterov', 'sgd'] },
      ],
    }),
    values.map((value, index) => ({ value, point: [0.01 * 1.7 ** index, index % 2] })),
  ),
};

describe.skipIf(!hasChromium).each(Object.entries(pages))(
  'the report of a sweep, %s, in a browser',
  (_, html) => {
    let folder: string;
    let page: Page;
    beforeAll(async () => {
      folder = await mkdtemp(join(tmpdir(), 'ringmaster-report-'));
      await writeFile(join(folder, 'report.html'), html);
      page = await openPage();
      await page.open(pathToFileURL(join(folder, 'report.html')).href);
    });
    afterAll(async () => {
      await page.close();
      await rm(folder, { recursive: true, force: true });
    });

    it('asks for nothing and has nothing to complain of', () => {
      expect(page.requests).toEqual([]);
      expect(page.complaints).toEqual([]);
    });

    it.each(['light', 'dark'] as const)('breaks no rule of axe on a %s ground', async (scheme) => {
      const features = [{ name: 'prefers-color-scheme', value: scheme }];
      await page.send('Emulation.setEmulatedMedia', { media: 'screen', features });
      await page.evaluate(await readFile(axeFile, 'utf8'));
      const violations = await page.evaluate(
        'axe.run().then(({ violations }) => violations.map(({ id, nodes }) => [id, nodes.map(({ html }) => html.slice(0, 200))]))',
      );
      expect(violations).toEqual([]);
    });

    it('lets the keyboard reach all that scrolls, and names it', async () => {
      const scrolls = (await page.evaluate(
        `[...document.querySelectorAll('*')].filter((element) => /auto|scroll/.test(getComputedStyle(element).overflowX)).map(({ ariaLabel }) => ariaLabel)`,
      )) as string[];
      const reached: unknown[] = [];
      while (reached.length < scrolls.length) {
        await page.press('Tab');
        reached.push(await page.evaluate('document.activeElement.ariaLabel'));
      }
      expect(reached).toEqual(scrolls);
      expect(reached).toContain('Configuration in YAML');
      expect(reached).toContain('Chart of learning curves');
    });

    it('fits a narrow window, and cuts no label of a chart', async () => {
      const size = { height: 800, deviceScaleFactor: 1, mobile: false };
      await page.send('Emulation.setDeviceMetricsOverride', { ...size, width: 360 });
      const overflow = 'document.documentElement.scrollWidth - document.documentElement.clientWidth';
      expect(await page.evaluate(overflow)).toBe(0);
      await page.send('Emulation.setDeviceMetricsOverride', { ...size, width: 1000 });
      const cut = await page.evaluate(
        `[...document.querySelectorAll('svg')].flatMap((svg) => {
        const { left, right, bottom } = svg.getBoundingClientRect();
        return [...svg.querySelectorAll('text')]
          .map((text) => ({ text: text.textContent, box: text.getBoundingClientRect() }))
          .filter(({ box }) => box.left < left || box.right > right || box.bottom > bottom)
          .map(({ text }) => text);
      })`,
      );
      expect(cut).toEqual([]);
    });

    it('is light on paper', async () => {
      const features = [{ name: 'prefers-color-scheme', value: 'dark' }];
      await page.send('Emulation.setEmulatedMedia', { media: 'print', features });
      const isShown = (kind: string) =>
        page.evaluate(`getComputedStyle(document.querySelector('figure .${kind}')).display !== 'none'`);
      expect([await isShown('light'), await isShown('dark')]).toEqual([true, false]);
    });
  },
);
