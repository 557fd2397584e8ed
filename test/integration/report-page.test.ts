import { execFile, spawnSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { halfway, testRun } from '../../operator/cli/display/test-run.ts';
import { drawPage } from '../../operator/cli/report/page.ts';

const hasChromium = spawnSync('chromium', ['--version']).error === undefined;

/** Flags that keep the browser from asking for anything by itself; a container has no user namespaces. */
const flags = [
  ...['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run'],
  ...['--disable-background-networking', '--disable-component-update', '--disable-sync'],
  ...['--enable-logging=stderr', '--dump-dom'],
];

describe('the report in a browser', () => {
  it.skipIf(!hasChromium)('shows its charts and has nothing to complain of', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'ringmaster-report-'));
    try {
      const file = join(folder, 'report.html');
      const history = [1, 2].map((epoch) => ({ epoch, trainLoss: 1 / epoch, learningRate: 0.1 }));
      const page = drawPage({
        ...{ run: testRun(halfway), history, moments: [], checkpoints: [], events: [] },
        ...{ madeAt: '2026-01-01T00:00:00Z', version: '0.1.0' },
      });
      // A policy that refuses every request, and with it says which one there was.
      const policy = `<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">`;
      await writeFile(file, page.replace('<head>', `<head>${policy}`));
      const words = [...flags, `--user-data-dir=${join(folder, 'profile')}`, pathToFileURL(file).href];
      const { stdout, stderr } = await promisify(execFile)('chromium', words, { timeout: 60_000 });
      expect(stdout).toContain('aria-label="Loss"');
      expect(stderr.split('\n').filter((line) => line.includes('CONSOLE'))).toEqual([]);
    } finally {
      await rm(folder, { recursive: true, force: true, maxRetries: 5 });
    }
  });
});
