/** Figures of one contestant over the rounds of a bench. */
export interface Figures {
  readonly median: number;
  readonly minimum: number;
  readonly maximum: number;
}

/** How one contestant compares with another: the quotient of each round, which a drifting machine changes little. */
export interface Ratio extends Figures {
  readonly of: string;
  readonly to: string;
}

export function figuresOf(values: readonly number[]): Figures {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length / 2;
  const upper = sorted[Math.floor(middle)] ?? NaN;
  const lower = sorted[Math.ceil(middle) - 1] ?? NaN;
  return { median: (lower + upper) / 2, minimum: sorted[0] ?? NaN, maximum: sorted.at(-1) ?? NaN };
}

/** Runs every contestant once a round, in turn, so that what slows the machine down slows all of them down. */
export async function interleave(
  contestants: ReadonlyMap<string, () => Promise<number>>,
  rounds: number,
  report: (line: string) => void,
): Promise<Map<string, number[]>> {
  const results = new Map([...contestants.keys()].map((name): [string, number[]] => [name, []]));
  for (let round = 1; round <= rounds; round += 1) {
    for (const [name, measure] of contestants) {
      const value = await measure();
      results.get(name)?.push(value);
      report(`round ${round} of ${rounds}: ${name} ${value.toFixed(0)}`);
    }
  }
  return results;
}

/** The quotients of two contestants, round by round. */
export function ratioOf(results: ReadonlyMap<string, readonly number[]>, of: string, to: string): Ratio {
  const [own, other] = [results.get(of) ?? [], results.get(to) ?? []];
  return { of, to, ...figuresOf(own.map((value, round) => value / (other[round] ?? NaN))) };
}
