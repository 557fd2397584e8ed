import type { Parameter } from '../api/v1alpha1/training-sweep-spec.ts';
import { valueCount } from '../api/v1alpha1/training-sweep-validate.ts';
import { itemAt, type Point } from './space.ts';

/** Points of the whole grid. */
export function gridSize(parameters: readonly Parameter[]): number {
  return parameters.reduce((size, parameter) => size * valueCount(parameter), 1);
}

/** The point of an index from 0: the last parameter changes fastest. */
export function gridPoint(parameters: readonly Parameter[], index: number): Point {
  const point: number[] = [];
  let rest = index;
  for (const parameter of [...parameters].reverse()) {
    const count = valueCount(parameter);
    point.unshift(itemAt(parameter, rest % count));
    rest = Math.floor(rest / count);
  }
  return point;
}
