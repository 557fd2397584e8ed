import type { Parameter } from '../api/v1alpha1/training-sweep-spec.ts';
import { valueCount } from '../api/v1alpha1/training-sweep-validate.ts';
import { uniform } from './draws.ts';
import { parzen, type Density } from './parzen.ts';
import { randomPoint } from './random.ts';
import { coordinateAt, shareOf, type Point } from './space.ts';

/** A point that was tried, and how bad it was: lower is better. */
export interface Observation {
  readonly point: Point;
  readonly loss: number;
}

/*
 * The tree-structured Parzen estimator of Bergstra et al., "Algorithms for Hyper-Parameter Optimization" (2011),
 * section 4, one parameter independently of the others. The constants are those of Optuna's TPESampler 4.
 */

/** So many trials are drawn at random before there is anything to learn from. */
const startupTrials = 10;
/** Of these the most promising one is taken. */
const candidateCount = 24;
/** At most so many observations count as good, and a tenth of all of them. */
const maxGood = 25;

/**
 * Where to look next: drawn where good points are dense, and of those draws the one where good points are densest
 * compared with the others.
 * @param observations trials that have a value
 * @param pending points of trials that have none yet; they count as bad, so that trials side by side spread
 */
export function tpePoint(
  parameters: readonly Parameter[],
  seed: number,
  index: number,
  observations: readonly Observation[],
  pending: readonly Point[] = [],
): Point {
  if (observations.length < startupTrials) return randomPoint(parameters, seed, index);
  const byLoss = [...observations].sort((left, right) => left.loss - right.loss);
  const goodCount = Math.min(maxGood, Math.ceil(byLoss.length / 10));
  const good = byLoss.slice(0, goodCount).map(({ point }) => point);
  const bad = [...byLoss.slice(goodCount).map(({ point }) => point), ...pending];
  return parameters.map((parameter, dimension) => {
    const sharesOf = (points: readonly Point[]) =>
      points.map((point) => shareOf(parameter, point[dimension] ?? 0));
    const draw = (candidate: number, part: string) =>
      uniform(seed, 'tpe', index, parameter.path, candidate, part);
    const promising = densityOf(parameter, sharesOf(good));
    const ordinary = densityOf(parameter, sharesOf(bad));
    return coordinateAt(parameter, mostPromising(promising, ordinary, draw));
  });
}

function mostPromising(
  promising: Density,
  ordinary: Density,
  draw: (candidate: number, part: string) => number,
): number {
  let best = { share: 0.5, score: -Infinity };
  for (let candidate = 0; candidate < candidateCount; candidate += 1) {
    const share = promising.sample(draw(candidate, 'kernel'), draw(candidate, 'place'));
    const score = Math.log(promising.at(share)) - Math.log(ordinary.at(share));
    if (score > best.score) best = { share, score };
  }
  return best.share;
}

function densityOf(parameter: Parameter, shares: readonly number[]): Density {
  return parameter.values === undefined ? parzen(shares) : histogram(valueCount(parameter), shares);
}

/** How often each item of a list was taken, with one observation's weight spread over all: items have no neighbours. */
function histogram(count: number, shares: readonly number[]): Density {
  const weights = Array.from({ length: count }, () => 1 / count);
  const itemOf = (share: number) => Math.min(count - 1, Math.floor(share * count));
  for (const share of shares) weights[itemOf(share)] = (weights[itemOf(share)] ?? 0) + 1;
  const total = shares.length + 1;
  return {
    at: (share) => ((weights[itemOf(share)] ?? 0) * count) / total,
    sample: (kernel) => {
      let rest = kernel * total;
      const item = weights.findIndex((weight) => (rest -= weight) < 0);
      return ((item === -1 ? count - 1 : item) + 0.5) / count;
    },
  };
}
