/**
 * Class probabilities to learn, smoothed in the paper's form (section 5.2): `1 - ε` for the true class and `ε
 * / (K - 1)` for each other. The published code, Keras and TensorFlow.js spread ε over all K classes instead.
 * @param labels the true class of each sample, from 0
 * @param classes K, at least 2
 * @param smoothing ε, from 0 (one-hot) to below 1
 * @returns one row of K probabilities for each label
 */
export function smoothedTargets(
  labels: ArrayLike<number>,
  classes: number,
  smoothing: number,
): Float32Array<ArrayBuffer> {
  const targets = new Float32Array(labels.length * classes).fill(smoothing / (classes - 1));
  for (let row = 0; row < labels.length; row += 1) {
    targets[row * classes + (labels[row] ?? 0)] = 1 - smoothing;
  }
  return targets;
}
