import { describe, expect, it } from 'vitest';

import { rateFactor } from '../../trainer-image/tricks/fine-tuning.ts';
import type { FineTuningAnswer, FineTuningTask } from './ranks/fine-tuning.ts';
import { runRanks } from './run-ranks.ts';
import { smallNetwork } from './small-network.ts';

async function run<Name extends FineTuningTask>(task: Name, worldSize = 1) {
  const answers = (await runRanks('fine-tuning', worldSize, task)) as FineTuningAnswer<Name>[];
  const [first] = answers;
  if (first === undefined) throw new Error('no rank answered');
  return { first, answers };
}

const names = smallNetwork.variables.map(({ name }) => name);
const withAverages = (kept: readonly string[]) => [...kept, ...kept.map((name) => `${name}.average`)];

describe('fine-tuning', () => {
  it('leaves frozen parts bit-equal, statistics and averages too, and moves all others', async () => {
    const { first } = await run('keepFrozen');
    const early = names.filter((name) => /^(conv1|bn1|layer1)\b/.test(name));
    expect(early).toHaveLength(15);
    expect(first.stages.kept).toEqual(withAverages(early));
    expect(first.stages.momenta).toHaveLength(first.nothing.momenta.length - 9);
    const ofBatchNorm = names.filter((name) => /(bn\d|downsample\.\d)\.(weight|bias|running_)/.test(name));
    const norms = ofBatchNorm.filter((name) => names.includes(name.replace(/[^.]+$/, 'running_var')));
    expect(first.batchNorm.kept).toEqual(withAverages(norms));
    expect(first.nothing.kept).toEqual([]);
  });

  it('moves each part at its rate: 10 for the classifier, 1/2, 1/4 and 1/8 for the stages, 1/16 for the stem', async () => {
    const { first } = await run('compareRates');
    const rate = (name: string) => {
      if (name.startsWith('fc.')) return 10;
      return { layer3: 1 / 2, layer2: 1 / 4, layer1: 1 / 8 }[name.split('.')[0] ?? ''] ?? 1 / 16;
    };
    const parameters = names.filter((name) => !name.includes('running_'));
    for (const name of parameters) expect(first[name] ?? NaN, name).toBeCloseTo(rate(name), 9);
    // Statistics follow the batch, at whatever rate weights learn.
    expect(first['bn1.running_mean']).toBe(1);
  });

  it('computes with frozen batch normalisation what evaluation computes, and its gradient', async () => {
    const { loss, evaluated, derivative, expected } = (await run('compareFrozenBatchNorm')).first;
    expect(loss).toBeCloseTo(evaluated, 10);
    expect(Math.abs(expected)).toBeGreaterThan(0.01);
    expect(Math.abs(derivative / expected - 1)).toBeLessThan(1e-5);
  });

  it('ends on two ranks with the weights of one', async () => {
    const one = (await run('trainTogether')).first.values;
    const { first, answers } = await run('trainTogether', 2);
    expect(answers[1]).toEqual(first);
    expect(first.values).toHaveLength(one.length);
    const apart = one.map((value, index) => Math.abs(value - (first.values[index] ?? NaN)));
    expect(apart.reduce((most, each) => Math.max(most, each), 0)).toBeLessThan(1e-11);
  });

  it('runs in float16, continues bit for bit, and goes on with less or more frozen', async () => {
    const { loss, halfLoss, uninterrupted, alike, thawed, frozen } = (await run('continueElsewhere')).first;
    expect(halfLoss).not.toBe(loss);
    expect(Math.abs(halfLoss / loss - 1)).toBeLessThan(0.01);
    expect(alike).toEqual(uninterrupted);
    expect([thawed.loss, frozen.loss]).toEqual([uninterrupted.loss, uninterrupted.loss]);
  });
});

describe('the rate of a part', () => {
  it('of a network with four stages falls over five parts', () => {
    const fineTuning = { frozenStages: 0, frozenBatchNorm: false, layerDecay: 0.1, classifierRate: 1 };
    const rates = ['fc.bias', 'layer4.2.bn3.weight', 'layer1.0.conv1.weight', 'conv1.0.weight', 'bn1.bias'];
    expect(rates.map((name) => Math.log10(rateFactor(name, 4, fineTuning)))).toEqual(
      [0, -1, -4, -5, -5].map((power) => expect.closeTo(power, 10) as number),
    );
    expect(rates.map((name) => rateFactor(name, 4, undefined))).toEqual([1, 1, 1, 1, 1]);
  });
});
