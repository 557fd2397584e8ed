import { describe, expect, it } from 'vitest';

import type { TraceAnswer, TraceTask } from './ranks/trace.ts';
import { runRanks } from './run-ranks.ts';

const allOn: TraceTask = { smoothing: 0.1, decayBiasAndNorm: false, zeroGamma: false, shares: [16] };

async function trace(changes: Partial<TraceTask> = {}): Promise<TraceAnswer[]> {
  const task = { ...allOn, ...changes };
  return (await runRanks('trace', task.shares.length, task)) as TraceAnswer[];
}

/** The steps agree with float64 to 1e-5 at first and 1e-4 later, as any float32 computation does. */
function expectLosses(actual: readonly number[] | undefined, golden: readonly number[]): void {
  expect(actual).toHaveLength(golden.length);
  golden.forEach((loss, index) => {
    const error = Math.abs((actual?.[index] ?? Number.NaN) / loss - 1);
    expect(error, `step ${index + 1}: ${actual?.[index]}, golden ${loss}`).toBeLessThan(
      index < 3 ? 1e-5 : 1e-4,
    );
  });
}

// Golden values: the same network written in another framework, in float64.
describe('the trace of 16 images', () => {
  it('has the losses and gradient norms of the reference with everything on', async () => {
    const [answer] = await trace();
    expectLosses(answer?.losses, [2.2849432997, 2.2709613158, 2.2348454204, 2.171449984, 2.1065940151]);

    // Variables without weight decay have the gradient as their momentum after one step.
    const gradientNorms = {
      'bn1.weight': 0.0157054464,
      'bn1.bias': 0.0372619553,
      'block.bn1.weight': 0.0040030651,
      'block.bn1.bias': 0.0030177045,
      'block.bn2.weight': 0.0141247034,
      'block.bn2.bias': 0.0462139404,
      'fc.bias': 0.273234438,
    };
    for (const [name, norm] of Object.entries(gradientNorms)) {
      expect(Math.abs((answer?.afterFirst[`${name}.momentum`] ?? 0) / norm - 1), name).toBeLessThan(1e-3);
    }
    const all = [
      ...[0.200914204, 0.0157054464, 0.0372619553, 0.0374680983, 0.0040030651, 0.0030177045],
      ...[0.0792019827, 0.0141247034, 0.0462139404, 0.3125139364, 0.273234438],
    ];
    expect(Math.abs((answer?.gradientNorms[0] ?? 0) / Math.hypot(...all) - 1)).toBeLessThan(1e-4);

    const finalNorms = {
      ...{ 'conv1.weight': 1.2826500062, 'bn1.weight': 2.0185503108, 'bn1.bias': 0.0414279583 },
      ...{ 'block.conv1.weight': 2.5065292353, 'block.bn1.weight': 2.0000025979 },
      ...{ 'block.bn1.bias': 0.0033107209, 'block.conv2.weight': 2.5081946513 },
      ...{ 'block.bn2.weight': 2.0104906279, 'block.bn2.bias': 0.0520750173 },
      ...{ 'fc.weight': 1.4086392492, 'fc.bias': 0.3468379286 },
    };
    // Float32 moves single parameters by up to 8.5e-3 in five steps, because ReLUs amplify rounding.
    for (const [name, norm] of Object.entries(finalNorms)) {
      expect(Math.abs((answer?.afterLast[name] ?? 0) / norm - 1), name).toBeLessThan(8.5e-3);
    }
  });

  it('has the losses of the reference without label smoothing', async () => {
    const [answer] = await trace({ smoothing: 0 });
    expectLosses(answer?.losses, [2.2818149773, 2.264080127, 2.2182188656, 2.1378190176, 2.0546422219]);
  });

  it('has the losses of the reference with weight decay on everything', async () => {
    const [answer] = await trace({ decayBiasAndNorm: true });
    expectLosses(answer?.losses, [2.2849432997, 2.270973275, 2.2349592563, 2.1719944846, 2.107926667]);
  });

  it('has the losses of the reference with zero gamma, where the block has no gradient at first', async () => {
    const [answer] = await trace({ zeroGamma: true, decayBiasAndNorm: false });
    expectLosses(answer?.losses, [2.2905249926, 2.2784367141, 2.2477145329, 2.1962855097, 2.1412419678]);
    expect(answer?.afterFirst['block.bn1.weight.momentum']).toBe(0);
    expect(answer?.afterFirst['block.bn1.bias.momentum']).toBe(0);
    expect(answer?.afterFirst['block.bn2.weight.momentum']).toBeGreaterThan(0);
  });

  it('has the losses of the reference on two ranks of eight images', async () => {
    const answers = await trace({ shares: [8, 8] });
    for (const { losses } of answers) {
      expectLosses(losses, [2.2886005945, 2.2756108462, 2.2421538682, 2.1829103795, 2.1208453781]);
    }
    expect(answers[1]?.hash).toBe(answers[0]?.hash);
  });

  it('weights every image alike on ranks of twelve and four', async () => {
    const [answer] = await trace({ shares: [12, 4] });
    expectLosses(answer?.losses, [2.2833680723, 2.2692905301, 2.2330856648, 2.1698724807, 2.1035285666]);
  });
});
