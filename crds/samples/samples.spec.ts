import { readdirSync } from 'node:fs';
import { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { resolveSpec } from '../../operator/api/v1alpha1/resolved-spec.ts';
import { loadManifests } from '../../operator/cli/manifest/load-manifests.ts';
import { preflightProblems } from '../../operator/cli/run/preflight.ts';
import { pointOf, trialCount, trialRun } from '../../operator/search/trials.ts';

const folder = fileURLToPath(new URL('.', import.meta.url));
const samples = readdirSync(folder).filter((file) => file.endsWith('.yaml'));

async function load(file: string) {
  return await loadManifests([file], { stdin: Readable.from([]), workingFolder: folder });
}

describe('samples', () => {
  it('are there', () => {
    expect(samples.length).toBeGreaterThanOrEqual(8);
  });

  it.each(samples)('%s is valid and named after its file', async (file) => {
    const { runs, sweeps, problems } = await load(file);
    expect(problems).toEqual([]);
    const names = [...runs.map(({ run }) => run), ...sweeps.map(({ sweep }) => sweep)];
    expect(names.map(({ metadata }) => `${metadata.name}.yaml`)).toEqual([file]);
  });

  it.each(samples.filter((file) => file.startsWith('sweep-')))(
    '%s has only trials that can be',
    async (file) => {
      const { sweeps } = await load(file);
      for (const { sweep } of sweeps) {
        const count = trialCount(sweep.spec);
        expect(count).toBeGreaterThan(1);
        const trials = Array.from({ length: count }, (_, index) => {
          const point = pointOf(sweep.spec, index, []);
          return trialRun(sweep, { index, ...(point === undefined ? {} : { point: [...point] }) });
        });
        expect(trials.filter(({ ok }) => !ok)).toEqual([]);
      }
    },
  );

  it('the quickstart can be trained on two processors', async () => {
    const { runs } = await load('quickstart.yaml');
    expect(runs.flatMap(({ run }) => preflightProblems(run.spec, 2))).toEqual([]);
  });

  it('the quickstart uses the tricks that it promises', async () => {
    const { runs } = await load('quickstart.yaml');
    expect(runs.map(({ run }) => resolveSpec(run.spec))).toMatchObject([
      {
        model: { zeroGamma: true, variant: 'D' },
        recipe: {
          optimizer: { name: 'nesterov', decayBiasAndNorm: false },
          learningRate: { scaling: 'linear', warmupEpochs: 0.3, schedule: 'cosine' },
          precision: { compute: 'float32', lossScale: 'none' },
          labelSmoothing: 0.1,
        },
        pods: 1,
        ranksPerPod: 2,
      },
    ]);
  });
});
