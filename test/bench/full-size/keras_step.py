"""Keras' side of the bench of full-size networks: ResNet-50-D, whole steps on one random batch in one tf.function each.

python keras_step.py IMAGE_SIZE BATCH WARMUP STEPS THREADS prints images a second and the most memory that was held.
"""

import json
import os
import resource
import sys
import time

size, batch, warmup, steps, threads = map(int, sys.argv[1:6])
os.environ.update(KERAS_BACKEND="tensorflow", TF_CPP_MIN_LOG_LEVEL="2")

import tensorflow as tf

tf.config.threading.set_intra_op_parallelism_threads(threads)
tf.config.threading.set_inter_op_parallelism_threads(threads)
import keras
from keras import layers


def unit(x, width, kernel, stride):
    """A convolution padded alike on all sides and its batch normalisation."""
    if stride > 1:
        x = layers.ZeroPadding2D((kernel - 1) // 2)(x)
    x = layers.Conv2D(width, kernel, stride, "valid" if stride > 1 else "same", use_bias=False)(x)
    return layers.BatchNormalization(momentum=0.9, epsilon=1e-5)(x)


def bottleneck(x, width, stride):
    y = layers.ReLU()(unit(x, width, 1, 1))
    y = layers.ReLU()(unit(y, width, 3, stride))
    y = unit(y, 4 * width, 1, 1)
    if stride > 1 or x.shape[-1] != 4 * width:
        if stride > 1:
            x = layers.AveragePooling2D(2, stride, "same")(x)
        x = unit(x, 4 * width, 1, 1)
    return layers.ReLU()(layers.Add()([x, y]))


inputs = keras.Input((size, size, 3))
x = inputs
for width, stride in [(32, 2), (32, 1), (64, 1)]:
    x = layers.ReLU()(unit(x, width, 3, stride))
x = layers.MaxPooling2D(3, 2)(layers.ZeroPadding2D(1)(x))
for stage, (width, blocks) in enumerate([(64, 3), (128, 4), (256, 6), (512, 3)]):
    for index in range(blocks):
        x = bottleneck(x, width, 2 if stage > 0 and index == 0 else 1)
model = keras.Model(inputs, layers.Dense(1000)(layers.GlobalAveragePooling2D()(x)))

optimizer = keras.optimizers.SGD(0.01, momentum=0.9, nesterov=True, weight_decay=1e-4)
loss_of = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
images = tf.random.normal([batch, size, size, 3])
labels = tf.random.uniform([batch], 0, 1000, tf.int32)


@tf.function
def train_step():
    with tf.GradientTape() as tape:
        loss = loss_of(labels, model(images, training=True))
    gradients = tape.gradient(loss, model.trainable_variables)
    optimizer.apply_gradients(zip(gradients, model.trainable_variables))
    return loss


for step in range(warmup + steps):
    if step == warmup:
        started = time.perf_counter()
    train_step().numpy()
seconds = time.perf_counter() - started
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024  # KiB on Linux
print(json.dumps({"imagesPerSecond": steps * batch / seconds, "peakMemoryMiB": peak}), flush=True)
