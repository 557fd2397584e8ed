/** How dense points are along one axis from 0 to 1. */
export interface Density {
  /** Density at a place; above 0 everywhere. */
  at(share: number): number;
  /** A place drawn from the density, from two uniform numbers. */
  sample(kernel: number, place: number): number;
}

interface Kernel {
  readonly mean: number;
  readonly deviation: number;
}

/**
 * A mixture of truncated Gaussians, one at each place and one as wide as the axis, the prior. Each is as wide as the
 * distance to its farther neighbour (Bergstra et al. 2011, section 4.2), at least 1 / min(100, places + 2). The ends of the
 * axis are no neighbours, as with Optuna's `consider_endpoints=False`.
 */
export function parzen(shares: readonly number[]): Density {
  const kernels = kernelsOf(shares);
  const masses = kernels.map(({ mean, deviation }) => ({
    below: cumulative((0 - mean) / deviation),
    above: cumulative((1 - mean) / deviation),
  }));
  return {
    at: (share) =>
      kernels.reduce((sum, { mean, deviation }, index) => {
        const { below = 0, above = 1 } = masses[index] ?? {};
        const distance = (share - mean) / deviation;
        const height = Math.exp(-0.5 * distance * distance) / (deviation * Math.sqrt(2 * Math.PI));
        return sum + height / (above - below) / kernels.length;
      }, 1e-12),
    sample: (which, place) => {
      const index = Math.min(kernels.length - 1, Math.floor(which * kernels.length));
      const { mean = 0.5, deviation = 1 } = kernels[index] ?? {};
      const { below = 0, above = 1 } = masses[index] ?? {};
      return truncatedQuantile(mean, deviation, below + place * (above - below));
    },
  };
}

function kernelsOf(shares: readonly number[]): Kernel[] {
  const means = [...shares].sort((left, right) => left - right);
  const narrowest = 1 / Math.min(100, shares.length + 2);
  // The ends of the axis are neighbours of a lonely place only: nothing was seen there.
  const [first, last] = means.length === 1 ? [0, 1] : [-Infinity, Infinity];
  const kernels = means.map((mean, index) => {
    const gaps = [mean - (means[index - 1] ?? first), (means[index + 1] ?? last) - mean];
    const widest = Math.max(...gaps.filter((gap) => gap < Infinity));
    return { mean, deviation: Math.min(1, Math.max(narrowest, widest)) };
  });
  return [...kernels, { mean: 0.5, deviation: 1 }];
}

/** Halves the axis until the place is known to 1e-9: needs no approximation of the inverse. */
function truncatedQuantile(mean: number, deviation: number, mass: number): number {
  let low = 0;
  let high = 1;
  while (high - low > 1e-9) {
    const middle = (low + high) / 2;
    if (cumulative((middle - mean) / deviation) < mass) low = middle;
    else high = middle;
  }
  return low;
}

/** The standard normal distribution, by Abramowitz and Stegun 7.1.26: absolute error below 1.5e-7. */
function cumulative(z: number): number {
  const x = Math.abs(z) / Math.SQRT2;
  const t = 1 / (1 + 0.3275911 * x);
  const series =
    t * (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429))));
  const error = 1 - series * Math.exp(-x * x);
  return z < 0 ? (1 - error) / 2 : (1 + error) / 2;
}
