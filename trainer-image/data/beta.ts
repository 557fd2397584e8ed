import type { CounterRandom } from './random.ts';

/**
 * A draw from the symmetric Beta(alpha, alpha) distribution, from 0 to 1.
 *
 * Made of two gamma draws, G1 / (G1 + G2), by their logarithms: for the paper's alpha of 0.2 a fifth of all
 * draws lies below 0.01, and the gamma draws themselves underflow.
 * @param alpha above 0
 */
export function drawBeta(alpha: number, random: CounterRandom): number {
  if (!(alpha > 0)) throw new RangeError(`alpha must be above 0, not ${alpha}`);
  return 1 / (1 + Math.exp(drawLogGamma(alpha, random) - drawLogGamma(alpha, random)));
}

/**
 * Logarithm of a draw from Gamma(shape, 1). Marsaglia and Tsang, "A simple method for generating gamma
 * variables" (ACM TOMS 26, 2000): their rejection for shape + 1, brought down to shape by section 6 of that
 * paper.
 */
function drawLogGamma(shape: number, random: CounterRandom): number {
  const d = shape + 1 - 1 / 3;
  const c = 1 / Math.sqrt(9 * d);
  for (;;) {
    const x = random.normal();
    const v = (1 + c * x) ** 3;
    if (v > 0 && Math.log(1 - random.uniform()) < 0.5 * x ** 2 + d * (1 - v + Math.log(v))) {
      return Math.log(d * v) + Math.log(1 - random.uniform()) / shape;
    }
  }
}
