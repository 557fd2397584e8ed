import { describe, expect, it } from 'vitest';
import { takeKind } from './kinds.ts';

describe('arguments of commands', () => {
  it.each([
    [[], 'run', []],
    [['digits'], 'run', ['digits']],
    [['digits', 'sweeps'], 'run', ['digits', 'sweeps']],
    [['runs'], 'run', []],
    [['runs', 'sweep'], 'run', ['sweep']],
    [['sweeps'], 'sweep', []],
    [['tsweep', 'tricks'], 'sweep', ['tricks']],
    [['TrainingSweeps', 'tricks', 'rates'], 'sweep', ['tricks', 'rates']],
  ] as const)('%j are of kind %s', (args, kind, names) => {
    expect(takeKind(args)).toEqual({ kind, names: [...names] });
  });
});
