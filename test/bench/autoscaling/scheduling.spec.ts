import { describe, expect, it } from 'vitest';
import { labels } from '../../../operator/api/v1alpha1/group.ts';
import type { Pod } from '../../../operator/api/wire.ts';
import type { Node } from './node-pool.ts';
import { place, trialOf, WaitingLine } from './scheduling.ts';

const podOf = (trial: number) =>
  ({
    metadata: { name: `sweep-${trial}-1-0`, labels: { [labels.run]: `sweep-${trial}` } },
  }) as unknown as Pod;
const node = (name: string) => ({ name }) as Node;
const pods = [3, 4, 5, 6].map(podOf);

describe('placing pods', () => {
  it('fills the fullest machine first, and says which pods found no room', () => {
    const { placements, waiting } = place(pods, [
      { node: node('empty'), freeGpus: 2 },
      { node: node('half'), freeGpus: 1 },
      { node: node('full'), freeGpus: 0 },
    ]);
    expect(placements.map(({ pod, node }) => [trialOf(pod), node.name])).toEqual([
      [3, 'half'],
      [4, 'empty'],
      [5, 'empty'],
    ]);
    expect(waiting.map(trialOf)).toEqual([6]);
  });
});

describe('a line of waiting pods', () => {
  it('is in the order in which they were made', () => {
    expect(new WaitingLine().inOrder(pods).map(trialOf)).toEqual([3, 4, 5, 6]);
  });

  it('is in the order of another scheduler, each time a trial begins again too, and the others behind', () => {
    const line = new WaitingLine([6, 4, 6]);
    expect(line.inOrder(pods).map(trialOf)).toEqual([6, 4, 3, 5]);
    line.take(podOf(6));
    expect(line.inOrder(pods).map(trialOf)).toEqual([4, 6, 3, 5]);
  });
});
