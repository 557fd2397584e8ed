import type { Setting } from '../api/v1alpha1/training-sweep-settings.ts';
import type { Parameter } from '../api/v1alpha1/training-sweep-spec.ts';
import { valueCount } from '../api/v1alpha1/training-sweep-validate.ts';

/**
 * The value of each parameter, in their order; of a parameter with `values`, the position in that list from 0. Numbers
 * alone, so that a thousand points fit into a status.
 */
export type Point = readonly number[];

/** What a trial sets at a point of the space. */
export function settingsAt(parameters: readonly Parameter[], point: Point): Setting[] {
  return parameters.flatMap(({ path, values }, index) => {
    const coordinate = point[index] ?? 0;
    const value = values === undefined ? coordinate : values[coordinate];
    return value === undefined ? [] : [{ path, value }];
  });
}

/** The coordinate of a parameter that stands at a share, 0 to 1, of its range: on the scale that it is searched on. */
export function coordinateAt(parameter: Parameter, share: number): number {
  const { double } = parameter;
  if (double === undefined) {
    const count = valueCount(parameter);
    return itemAt(parameter, Math.min(count - 1, Math.floor(share * count)));
  }
  const { min, max, scale } = double;
  const exact =
    scale === 'log'
      ? Math.exp(Math.log(min) + share * (Math.log(max) - Math.log(min)))
      : min + share * (max - min);
  return Math.min(max, Math.max(min, rounded(exact)));
}

/** The inverse of {@link coordinateAt}; of a whole number or an item of a list, the middle of its share. */
export function shareOf(parameter: Parameter, coordinate: number): number {
  const { double, int } = parameter;
  if (double === undefined) {
    const position = int === undefined ? coordinate : (coordinate - int.min) / int.step;
    return (position + 0.5) / valueCount(parameter);
  }
  const { min, max, scale } = double;
  return scale === 'log'
    ? (Math.log(coordinate) - Math.log(min)) / (Math.log(max) - Math.log(min))
    : (coordinate - min) / (max - min);
}

/** The coordinate of the n-th value of a parameter that has a number of them. */
export function itemAt({ int }: Parameter, position: number): number {
  return int === undefined ? position : int.min + position * int.step;
}

/** Six digits: more tell nothing about training, and take room in the status. */
function rounded(value: number): number {
  return Number(value.toPrecision(6));
}
