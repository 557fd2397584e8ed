import { describe, expect, it } from 'vitest';
import { NodePool, type Node } from './node-pool.ts';

const minuteMs = 60_000;

/** Two machines of 8 GPUs, of which so many are used, seen every minute; the machine that is emptied, and when. */
function emptiedAtMinute(used: readonly number[]): { name: string; minute: number } | undefined {
  const pool = new NodePool({ seed: 1, gpusPerNode: 8, maxNodes: 2, meanLifeHours: 1e6 });
  pool.grow(16, 0);
  const usedGpus = ({ name }: Node) => used[Number(name.slice('node-'.length))] ?? 0;
  for (let minute = 5; minute < 60; minute += 1) {
    const node = pool.consolidate(usedGpus, minute * minuteMs);
    if (node !== undefined) return { name: node.name, minute };
  }
  return undefined;
}

describe('a pool of machines', () => {
  it('empties one that is less than half full when the others have room, after ten minutes', () => {
    expect(emptiedAtMinute([5, 3])).toEqual({ name: 'node-1', minute: 15 });
  });

  it('keeps one that is half full, or whose pods have nowhere to go', () => {
    expect(emptiedAtMinute([4, 4])).toBeUndefined();
    expect(emptiedAtMinute([6, 3])).toBeUndefined();
  });

  it('leaves one without pods to scaling down', () => {
    expect(emptiedAtMinute([8, 0])).toBeUndefined();
  });
});
