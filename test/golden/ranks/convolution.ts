import { startTensorFlow, tf } from '../../../trainer-image/tensorflow/tensorflow.ts';

/** Runs one convolution, for what TensorFlow says of it under `ONEDNN_VERBOSE`. */
startTensorFlow({ threads: { intraOp: 1, interOp: 1 } });
tf.conv2d(tf.ones<tf.Rank.R4>([1, 8, 8, 8]), tf.ones<tf.Rank.R4>([3, 3, 8, 8]), 1, 'same').dataSync();
