import { defineConfig } from 'vitest/config';

/**
 * A layer of tests: its files, and the longest that one test may take. Layers run one after the other.
 * @param maxWorkers files at a time: one where tests use all processors, two where they mostly wait
 */
function layer(
  name: string,
  include: string[],
  testTimeoutMs: number,
  groupOrder: number,
  maxWorkers: 1 | 2 = 1,
) {
  return {
    extends: true as const,
    test: {
      name,
      include,
      testTimeout: testTimeoutMs,
      hookTimeout: testTimeoutMs,
      // A file that starts processes is in a process of its own.
      ...(name === 'unit' ? {} : { pool: 'forks' as const, maxWorkers }),
      sequence: { groupOrder },
    },
  };
}

const minuteMs = 60_000;

export default defineConfig({
  root: new URL('../..', import.meta.url).pathname,
  test: {
    // No test may rely on another file's module state, and no module has any.
    pool: 'threads',
    isolate: false,
    maxWorkers: 2,
    passWithNoTests: false,
    reporters: ['default', new URL('./closing-line-reporter.ts', import.meta.url).pathname],
    projects: [
      layer(
        'unit',
        [
          'operator/**/*.spec.ts',
          'trainer-image/**/*.spec.ts',
          'crds/**/*.spec.ts',
          'test/bench/**/*.spec.ts',
        ],
        30_000,
        0,
      ),
      layer('checks', ['test/checks/**/*.test.ts', 'test/monitoring/**/*.test.ts'], 5 * minuteMs, 1, 2),
      layer('golden', ['test/golden/**/*.test.ts'], 5 * minuteMs, 2),
      layer('numerics', ['test/numerics/**/*.test.ts'], 5 * minuteMs, 3),
      layer('contract', ['test/contract/**/*.test.ts'], 2 * minuteMs, 4),
      layer('integration', ['test/integration/**/*.test.ts'], 5 * minuteMs, 5, 2),
      layer('system', ['test/system/**/*.test.ts'], 10 * minuteMs, 6),
      layer(
        'cluster-system',
        ['test/cluster-system/**/*.test.ts', 'test/chaos/**/*.test.ts'],
        5 * minuteMs,
        7,
      ),
      layer('chart', ['test/chart/**/*.test.ts'], 5 * minuteMs, 8, 2),
    ],
  },
});
