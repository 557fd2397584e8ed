import { describe, expect, it } from 'vitest';

import { runRanks } from '../golden/run-ranks.ts';
import type { FullSizeAnswer, FullSizeTask } from './ranks/full-size.ts';

async function run<Name extends FullSizeTask>(task: Name): Promise<FullSizeAnswer<Name>> {
  const [answer] = await runRanks(new URL('ranks/full-size.ts', import.meta.url), 1, task);
  if (answer === undefined) throw new Error('no rank answered');
  return answer as FullSizeAnswer<Name>;
}

describe('networks for large images', () => {
  it('have in float16 the loss and gradients of float32 as far as its digits go, in every variant', async () => {
    const answers = await run('halves');
    expect(answers.map(({ variant }) => variant)).toEqual(['A', 'B', 'C', 'D']);
    for (const { variant, loss, halfLoss, gradients } of answers) {
      const network = `ResNet-50-${variant}`;
      expect(Math.abs(halfLoss / loss - 1), network).toBeLessThan(0.02);
      expect(gradients, network).toBeGreaterThan(0);
      expect(gradients, network).toBeLessThan(0.3);
    }
  });

  it('learn from a ResNet-152-D that runs in float16 too and of which no gradient is computed', async () => {
    const { alone, taught } = await run('distil');
    // 1 + 3 x 50 convolutions, two more in the deep stem, and four in shortcuts.
    expect(taught.forward - alone.forward).toBe(1 + 150 + 2 + 4);
    expect(taught.forwardHalf).toBe(taught.forward);
    const { backwardFilter, backwardInput, normGradients } = taught;
    expect(alone).toEqual({ forward: 55, forwardHalf: 55, backwardFilter, backwardInput, normGradients });
  });
});
