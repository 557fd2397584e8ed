import { describe, expect, it } from 'vitest';

import type { TraceAnswer, TraceTask } from './ranks/trace.ts';
import { runRanks } from './run-ranks.ts';

const allOn: TraceTask = {
  precision: 'float64',
  smoothing: 0.1,
  decayBiasAndNorm: false,
  zeroGamma: false,
  batchNorm: 'local',
  shares: [16],
  naiveMean: false,
};

async function trace(changes: Partial<TraceTask> = {}): Promise<TraceAnswer[]> {
  const task = { ...allOn, ...changes };
  return (await runRanks('trace', task.shares.length, task)) as TraceAnswer[];
}

/** Golden values have ten decimals. */
const goldenPrecision = 5.1e-11;

function expectClose(actual: number | undefined, golden: number, relative: number, what: string): void {
  const error = Math.abs((actual ?? Number.NaN) - golden);
  expect(error, `${what}: ${actual}, golden ${golden}`).toBeLessThan(relative * golden + goldenPrecision);
}

/** In float64 to 1e-9; in float32 to 1e-5 at first and 1e-4 later, as any float32 computation does. */
function expectLosses(answers: readonly TraceAnswer[], golden: readonly number[], precision: string): void {
  for (const { losses } of answers) {
    expect(losses).toHaveLength(golden.length);
    golden.forEach((loss, index) => {
      const single = index < 3 ? 1e-5 : 1e-4;
      expectClose(losses[index], loss, precision === 'float64' ? 1e-9 : single, `step ${index + 1}`);
    });
  }
}

const cases: Readonly<Record<string, { changes: Partial<TraceTask>; losses: readonly number[] }>> = {
  'with everything on': {
    changes: {},
    losses: [2.2849432997, 2.2709613158, 2.2348454204, 2.171449984, 2.1065940151],
  },
  'without label smoothing': {
    changes: { smoothing: 0 },
    losses: [2.2818149773, 2.264080127, 2.2182188656, 2.1378190176, 2.0546422219],
  },
  'with weight decay on everything': {
    changes: { decayBiasAndNorm: true },
    losses: [2.2849432997, 2.270973275, 2.2349592563, 2.1719944846, 2.107926667],
  },
  'with zero gamma': {
    changes: { zeroGamma: true },
    losses: [2.2905249926, 2.2784367141, 2.2477145329, 2.1962855097, 2.1412419678],
  },
  'on two ranks of eight images, each normalised by itself': {
    changes: { shares: [8, 8] },
    losses: [2.2886005945, 2.2756108462, 2.2421538682, 2.1829103795, 2.1208453781],
  },
  'on ranks of twelve and four images, every image weighted alike': {
    changes: { shares: [12, 4] },
    losses: [2.2833680723, 2.2692905301, 2.2330856648, 2.1698724807, 2.1035285666],
  },
  'on ranks of twelve and four images, every rank weighted alike, which is wrong': {
    changes: { shares: [12, 4], naiveMean: true },
    losses: [2.2718210899, 2.2540381387, 2.2082093453, 2.1279533393, 2.0398031245],
  },
};

// Golden values: the same network written in another framework, in float64.
describe('the trace of 16 images', () => {
  for (const precision of ['float64', 'float32'] as const) {
    it.each(Object.entries(cases))(
      `has in ${precision} the losses of the reference %s`,
      async (_, { changes, losses }) => {
        const answers = await trace({ ...changes, precision });
        expectLosses(answers, losses, precision);
        expect(new Set(answers.map(({ hash }) => hash)).size).toBe(1);
      },
    );
  }

  it.each([[[8, 8]], [[12, 4]], [[4, 4, 4, 4]]])(
    'is that of one rank on ranks of %j images when the normalisation is synchronised',
    async (shares) => {
      const answers = await trace({ shares, batchNorm: 'synchronised' });
      expectLosses(answers, cases['with everything on']?.losses ?? [], 'float64');
    },
  );

  it('has the gradients of the first step and the weights after the last', async () => {
    const [answer] = await trace();
    const gradients = {
      ...{ 'conv1.weight': 0.200914204, 'bn1.weight': 0.0157054464, 'bn1.bias': 0.0372619553 },
      ...{ 'block.conv1.weight': 0.0374680983, 'block.bn1.weight': 0.0040030651 },
      ...{ 'block.bn1.bias': 0.0030177045, 'block.conv2.weight': 0.0792019827 },
      ...{ 'block.bn2.weight': 0.0141247034, 'block.bn2.bias': 0.0462139404 },
      ...{ 'fc.weight': 0.3125139364, 'fc.bias': 0.273234438 },
    };
    for (const [name, norm] of Object.entries(gradients)) {
      expectClose(answer?.firstGradients[name], norm, 1e-9, `gradient of ${name}`);
    }
    expectClose(answer?.gradientNorms[0], Math.hypot(...Object.values(gradients)), 1e-9, 'gradient');
    const weights = {
      ...{ 'conv1.weight': 1.2826500062, 'bn1.weight': 2.0185503108, 'bn1.bias': 0.0414279583 },
      ...{ 'block.conv1.weight': 2.5065292353, 'block.bn1.weight': 2.0000025979 },
      ...{ 'block.bn1.bias': 0.0033107209, 'block.conv2.weight': 2.5081946513 },
      ...{ 'block.bn2.weight': 2.0104906279, 'block.bn2.bias': 0.0520750173 },
      ...{ 'fc.weight': 1.4086392492, 'fc.bias': 0.3468379286 },
    };
    for (const [name, norm] of Object.entries(weights)) {
      expectClose(answer?.afterLast[name], norm, 1e-9, name);
    }
  });

  it('has with zero gamma no gradient at all before the last normalisation of the block', async () => {
    const [answer] = await trace({ zeroGamma: true });
    for (const name of ['block.conv1.weight', 'block.bn1.weight', 'block.bn1.bias', 'block.conv2.weight']) {
      expect(answer?.firstGradients[name], name).toBe(0);
    }
    expect(answer?.firstGradients['block.bn2.weight']).toBeGreaterThan(0);
  });
});
