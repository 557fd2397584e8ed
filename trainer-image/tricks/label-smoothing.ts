/** How a class's lost probability is given away. */
export interface LabelSmoothing {
  /** ε, from 0 (one-hot) to below 1 */
  readonly smoothing: number;
  /**
   * `paper` (section 5.2): `1 - ε` for the true class and `ε / (K - 1)` for each other. `code` (the published code,
   * Keras and TensorFlow.js): ε is spread over all K classes, `1 - ε + ε / K` for the true one and `ε / K` for each
   * other.
   */
  readonly form: 'paper' | 'code';
}

/**
 * Class probabilities to learn.
 * @param labels the true class of each sample, from 0
 * @param classes K, at least 2
 * @returns one row of K probabilities for each label
 */
export function smoothedTargets(
  labels: ArrayLike<number>,
  classes: number,
  { smoothing, form }: LabelSmoothing,
): Float32Array<ArrayBuffer> {
  const others = smoothing / (form === 'paper' ? classes - 1 : classes);
  const truth = form === 'paper' ? 1 - smoothing : 1 - smoothing + others;
  const targets = new Float32Array(labels.length * classes).fill(others);
  for (let row = 0; row < labels.length; row += 1) targets[row * classes + (labels[row] ?? 0)] = truth;
  return targets;
}
