import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { assignmentVariable } from '../api/trainer/environment.ts';
import { labels } from '../api/v1alpha1/group.ts';
import type { Pod, PodStatus } from '../api/wire.ts';
import { placePods } from './placement.ts';

const nodeName = 'local';

interface Member {
  run: string;
  index?: number;
  pods?: number;
  gpus?: number;
  bound?: boolean;
  phase?: NonNullable<PodStatus['phase']>;
}

/** A pod of a gang. */
function member({ run, index = 0, pods = 1, gpus = 1, bound = false, phase = 'Pending' }: Member): Pod {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name: `${run}-${index}`,
      uid: `${run}-${index}`,
      labels: { [labels.runUid]: run, [labels.attempt]: '1' },
    },
    spec: {
      containers: [
        {
          name: 'trainer',
          image: 'trainer',
          env: [{ name: assignmentVariable, value: JSON.stringify({ spec: { pods } }) }],
          resources: {
            requests: { cpu: '4', 'nvidia.com/gpu': String(gpus) },
            limits: { 'nvidia.com/gpu': String(gpus) },
          },
        },
      ],
      ...(bound ? { nodeName } : {}),
    },
    status: { phase },
  };
}

/** A whole gang of which no pod has a node. */
const gang = (run: string, pods: number, gpus = 1) =>
  Array.from({ length: pods }, (_, index) => member({ run, index, pods, gpus }));

const bound = (pods: readonly Pod[], gpuSlots: number) =>
  placePods(pods, nodeName, gpuSlots).bind.map(({ metadata }) => metadata.name);

describe('placing pods', () => {
  it('binds a gang that fits', () => {
    expect(bound(gang('a', 2), 2)).toEqual(['a-0', 'a-1']);
  });

  it('binds nothing of a gang that does not fit as a whole, and says what is missing', () => {
    const { bind, waiting } = placePods([member({ run: 'old', bound: true }), ...gang('a', 2)], nodeName, 2);
    expect(bind).toEqual([]);
    expect(waiting.map(({ message }) => message)).toEqual(
      Array<string>(2).fill('2 pods together ask for 2 GPU slots, 1 of 2 are free'),
    );
  });

  it('does not let a small gang overtake a large one that came first', () => {
    const { bind, waiting } = placePods(
      [member({ run: 'old', bound: true }), ...gang('large', 2), ...gang('small', 1)],
      nodeName,
      2,
    );
    expect(bind).toEqual([]);
    expect(waiting.at(-1)?.message).toBe(
      '1 pod asks for 1 GPU slot, 1 of 2 are free, but large-0 came first',
    );
  });

  it('lets others pass a gang that can never fit', () => {
    expect(bound([...gang('huge', 3), ...gang('small', 1)], 2)).toEqual(['small-0']);
  });

  it('finishes first a gang that it was killed in the middle of placing', () => {
    const half = [member({ run: 'half', pods: 2, bound: true }), member({ run: 'half', pods: 2, index: 1 })];
    expect(bound([...gang('early', 1), ...half], 2)).toEqual(['half-1']);
  });

  it('starts no pod of a gang of which one has ended already', () => {
    const lost = [
      member({ run: 'lost', pods: 2, bound: true, phase: 'Failed' }),
      member({ run: 'lost', pods: 2, index: 1 }),
    ];
    expect(bound(lost, 2)).toEqual([]);
  });

  it('counts a pod that has ended as free', () => {
    expect(
      bound([member({ run: 'old', gpus: 2, bound: true, phase: 'Succeeded' }), ...gang('new', 1, 2)], 2),
    ).toEqual(['new-0']);
  });

  it('always has a place for a pod that asks for no GPU', () => {
    expect(bound([member({ run: 'old', bound: true }), member({ run: 'web', gpus: 0 })], 1)).toEqual([
      'web-0',
    ]);
  });

  it('never gives away more slots than there are, and never binds half a gang', () => {
    const sizes = fc.array(
      fc.record({ pods: fc.integer({ min: 1, max: 4 }), gpus: fc.integer({ min: 0, max: 3 }) }),
      {
        maxLength: 8,
      },
    );
    fc.assert(
      fc.property(sizes, fc.integer({ min: 0, max: 8 }), (gangs, gpuSlots) => {
        const all = gangs.flatMap(({ pods, gpus }, index) => gang(`run${index}`, pods, gpus));
        const { bind, waiting } = placePods(all, nodeName, gpuSlots);
        const names = new Set(bind.map(({ metadata }) => metadata.name));
        let used = 0;
        gangs.forEach(({ pods, gpus }, index) => {
          const placed = Array.from({ length: pods }, (_, member) => `run${index}-${member}`).filter((name) =>
            names.has(name),
          );
          expect([0, pods]).toContain(placed.length);
          used += placed.length * gpus;
        });
        expect(used).toBeLessThanOrEqual(gpuSlots);
        expect(bind.length + waiting.length).toBe(all.length);
      }),
    );
  });
});
