import type { Tensor } from '@tensorflow/tfjs';

import { softmaxCrossEntropy } from '../tensorflow/kernels.ts';
import { tf, type TensorFlow } from '../tensorflow/tensorflow.ts';

/** What a sample's loss is made of when it is learned from a teacher too. */
export interface DistillationWeights {
  /** Softens both distributions: their logits are divided by it. */
  readonly temperature: number;
  readonly hardWeight: number;
  /** Of the teacher's part, which is multiplied by the squared temperature besides. */
  readonly weight: number;
}

/**
 * The divergence of the student's softened distribution from the teacher's, for each sample (paper, section 5.3;
 * Hinton et al., arXiv 1503.02531): `KL(softmax(r / T), softmax(z / T))` of teacher logits r and student logits z.
 *
 * The paper has the cross-entropy. Its gradient is the same, but it is larger by the teacher's entropy, which says
 * nothing of the student: at T = 20 a loss of 553 in which 0.26 can be learned.
 */
export function teacherDivergence(
  tensorflow: TensorFlow,
  student: Tensor,
  teacher: Tensor,
  temperature: number,
): Tensor {
  const softened = tf.div(teacher, temperature);
  const logarithms = tf.logSoftmax(softened);
  const targets = tf.exp(logarithms);
  const entropy = tf.neg(tf.sum(tf.mul(targets, logarithms), 1));
  return tf.sub(softmaxCrossEntropy(tensorflow, tf.div(student, temperature), targets), entropy);
}

/**
 * The whole loss of each sample: `hardWeight * hard + weight * T^2 * divergence`. T^2 keeps the gradient of the
 * teacher's part as large as that of the labels, whatever T is. The paper has both weights 1, its code both 0.5.
 */
export function distillationLoss(
  hard: Tensor,
  divergence: Tensor,
  { temperature, hardWeight, weight }: DistillationWeights,
): Tensor {
  return tf.add(tf.mul(hard, hardWeight), tf.mul(divergence, weight * temperature ** 2));
}
