/** Three numbers: red, green, blue. */
export type Vector3 = readonly [number, number, number];
/** Three rows. */
export type Matrix3 = readonly [Vector3, Vector3, Vector3];

export const identity3: Matrix3 = [
  [1, 0, 0],
  [0, 1, 0],
  [0, 0, 1],
];
export const zero3: Matrix3 = [
  [0, 0, 0],
  [0, 0, 0],
  [0, 0, 0],
];

export function dot3(a: Vector3, b: Vector3): number {
  return a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
}

export function transform3(matrix: Matrix3, vector: Vector3): Vector3 {
  return [dot3(matrix[0], vector), dot3(matrix[1], vector), dot3(matrix[2], vector)];
}

export function transpose3([a, b, c]: Matrix3): Matrix3 {
  return [
    [a[0], b[0], c[0]],
    [a[1], b[1], c[1]],
    [a[2], b[2], c[2]],
  ];
}

export function multiply3(a: Matrix3, b: Matrix3): Matrix3 {
  const columns = transpose3(b);
  const row = (vector: Vector3): Vector3 => transform3(columns, vector);
  return [row(a[0]), row(a[1]), row(a[2])];
}

export function add3(a: Matrix3, b: Matrix3): Matrix3 {
  return [addVectors(a[0], b[0]), addVectors(a[1], b[1]), addVectors(a[2], b[2])];
}

export function addVectors(a: Vector3, b: Vector3): Vector3 {
  return [a[0] + b[0], a[1] + b[1], a[2] + b[2]];
}

export function scale3(factor: number, matrix: Matrix3): Matrix3 {
  const row = (vector: Vector3): Vector3 => [factor * vector[0], factor * vector[1], factor * vector[2]];
  return [row(matrix[0]), row(matrix[1]), row(matrix[2])];
}

export function diagonal3([a, b, c]: Vector3): Matrix3 {
  return [
    [a, 0, 0],
    [0, b, 0],
    [0, 0, c],
  ];
}
