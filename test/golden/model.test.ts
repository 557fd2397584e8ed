import { describe, expect, it } from 'vitest';

import type { Architecture } from '../../trainer-image/model/resnet-plan.ts';
import type { IdentityBlocksAnswer, IdentityBlocksTask } from './ranks/identity-blocks.ts';
import type { ShapesAnswer } from './ranks/shapes.ts';
import { runRanks } from './run-ranks.ts';

const large = { stem: 'imagenet', classes: 1000, imageSize: 224, channels: 3 } as const;
const small = { stem: 'small', classes: 10, imageSize: 28, channels: 1 } as const;

async function shapesOf(architectures: readonly Architecture[]): Promise<ShapesAnswer[]> {
  const [answer] = await runRanks('shapes', 1, architectures);
  return answer as ShapesAnswer[];
}

describe('the forward pass', () => {
  it('has the resolutions and multiplications of ResNet-50 in every variant', async () => {
    const answers = await shapesOf(
      (['A', 'B', 'C', 'D'] as const).map((variant) => ({ ...large, depth: 50, variant })),
    );
    const gigaMacs = answers.map((answer) => answer.gigaMacs.toFixed(4));
    expect(gigaMacs).toEqual(['3.8580', '4.0892', '4.3288', '4.3288']);
    for (const { heights } of answers) expect(heights).toEqual([112, 56, 28, 14, 7]);
  });

  it('has the multiplications of the other depths', async () => {
    const answers = await shapesOf([
      { ...large, depth: 18, variant: 'B' },
      { ...large, depth: 18, variant: 'D' },
      { ...large, depth: 34, variant: 'B' },
      { ...large, depth: 101, variant: 'D' },
      { ...large, depth: 152, variant: 'B' },
    ]);
    const gigaMacs = answers.map((answer) => answer.gigaMacs.toFixed(4));
    expect(gigaMacs).toEqual(['1.8141', '2.0537', '3.6638', '8.0410', '11.5136']);
  });

  it('has the resolutions and multiplications of the small family', async () => {
    const answers = await shapesOf([
      { ...small, depth: 8, variant: 'A' },
      { ...small, depth: 14, variant: 'A' },
      { ...small, depth: 20, variant: 'A' },
    ]);
    expect(answers.map((answer) => (answer.gigaMacs * 1000).toFixed(2))).toEqual(['9.35', '20.18', '31.02']);
    for (const { heights } of answers) expect(heights).toEqual([28, 14, 7]);
  });
});

describe('a network at its beginning', () => {
  const architecture = { ...small, depth: 20, variant: 'D' } as const;
  const identityBlocks = async (zeroGamma: boolean) => {
    const task: IdentityBlocksTask = { architecture, zeroGamma };
    const [answer] = await runRanks('identity-blocks', 1, task);
    return answer as IdentityBlocksAnswer;
  };

  it('returns with zero gamma from every identity block bit for bit what went in, and without from none', async () => {
    expect(await identityBlocks(true)).toEqual({ blocks: 7, unchanged: 7 });
    expect(await identityBlocks(false)).toEqual({ blocks: 7, unchanged: 0 });
  });
});
