/** What commands look after. */
export type Kind = 'run' | 'sweep';

/** What people and kubectl call each. */
const words: Readonly<Record<Kind, readonly string[]>> = {
  run: ['run', 'runs', 'trun', 'trainingrun', 'trainingruns'],
  sweep: ['sweep', 'sweeps', 'tsweep', 'trainingsweep', 'trainingsweeps'],
};

/**
 * Takes the kind from the arguments of a command, as kubectl does: `sweeps tricks` is the sweep `tricks`. Without such a
 * word they are names of runs; a run that is called as a kind is named after the word `runs`.
 */
export function takeKind(args: readonly string[]): {
  readonly kind: Kind;
  readonly names: readonly string[];
} {
  const [first = '', ...rest] = args;
  for (const kind of ['run', 'sweep'] as const) {
    if (words[kind].includes(first.toLowerCase())) return { kind, names: rest };
  }
  return { kind: 'run', names: args };
}
