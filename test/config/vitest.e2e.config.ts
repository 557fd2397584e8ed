import { defineConfig } from 'vitest/config';

const minuteMs = 60_000;

/** The tests on a whole cluster, which `npm run test:e2e` runs in namespaces of their own. */
export default defineConfig({
  root: new URL('../..', import.meta.url).pathname,
  test: {
    include: ['test/e2e/**/*.test.ts'],
    pool: 'forks',
    maxWorkers: 1,
    testTimeout: 10 * minuteMs,
    hookTimeout: 15 * minuteMs,
    reporters: ['verbose', new URL('./closing-line-reporter.ts', import.meta.url).pathname],
  },
});
