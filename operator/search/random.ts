import type { Parameter } from '../api/v1alpha1/training-sweep-spec.ts';
import { uniform } from './draws.ts';
import { coordinateAt, type Point } from './space.ts';

/** An independent draw for each index: the same whatever other trials there are. */
export function randomPoint(parameters: readonly Parameter[], seed: number, index: number): Point {
  return parameters.map((parameter) =>
    coordinateAt(parameter, uniform(seed, 'random', index, parameter.path)),
  );
}
