import { readdirSync } from 'node:fs';
import { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { resolveSpec } from '../../operator/api/v1alpha1/resolved-spec.ts';
import { loadManifests } from '../../operator/cli/manifest/load-manifests.ts';
import { preflightProblems } from '../../operator/cli/run/preflight.ts';

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
    const { runs, problems } = await load(file);
    expect(problems).toEqual([]);
    expect(runs.map(({ run }) => `${run.metadata.name}.yaml`)).toEqual([file]);
  });

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
          learningRate: { scaling: 'linear', warmupEpochs: 1, schedule: 'cosine' },
          precision: { compute: 'float32', lossScale: 'none' },
          labelSmoothing: 0.1,
        },
        pods: 1,
        ranksPerPod: 2,
      },
    ]);
  });
});
