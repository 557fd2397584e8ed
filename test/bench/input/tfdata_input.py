"""tf.data's side of the input bench: tfdata_input.py FOLDER BATCH WARMUP STEPS THREADS tf.image|matrix.

`tf.image`: colours by TensorFlow's own functions, one after the other, as most people write it. `matrix`: by one matrix,
as ours.
"""

import glob
import json
import math
import sys
import time

import tensorflow as tf

folder = sys.argv[1]
batch, warmup, steps, threads = (int(word) for word in sys.argv[2:6])
colors = sys.argv[6]

VALUES = tf.constant([55.46, 4.794, 1.148])
VECTORS = tf.constant([[-0.5675, 0.7192, 0.4009], [-0.5808, -0.0045, -0.8140], [-0.5836, -0.6948, 0.4203]])
MEAN = tf.constant([123.68, 116.779, 103.939])
STD = tf.constant([58.393, 57.12, 57.375])
GREY = tf.constant([[0.299, 0.587, 0.114]] * 3)
TO_YIQ = tf.constant([[0.299, 0.587, 0.114], [0.596, -0.274, -0.321], [0.211, -0.523, 0.311]])
FROM_YIQ = tf.constant([[1.0, 0.956, 0.621], [1.0, -0.272, -0.647], [1.0, -1.107, 1.705]])


def coefficient():
    return tf.random.uniform([], 0.6, 1.4)


def by_functions(image):
    image = image * coefficient()
    image = tf.image.adjust_saturation(image, coefficient())
    image = tf.image.adjust_hue(image, (coefficient() - 1) / 2)
    image = image + tf.linalg.matvec(VECTORS, tf.random.normal([3], stddev=0.1) * VALUES)
    return (image - MEAN) / STD


def by_matrix(image):
    saturation, angle = coefficient(), (coefficient() - 1) * math.pi
    cos, sin = tf.cos(angle), tf.sin(angle)
    turn = tf.reshape(tf.stack([1.0, 0, 0, 0, cos, -sin, 0, sin, cos]), [3, 3])
    matrix = FROM_YIQ @ turn @ TO_YIQ @ (coefficient() * (saturation * tf.eye(3) + (1 - saturation) * GREY))
    shift = tf.linalg.matvec(VECTORS, tf.random.normal([3], stddev=0.1) * VALUES)
    filters = tf.reshape(tf.transpose(matrix / STD[:, None]), [1, 1, 3, 3])
    return tf.nn.bias_add(tf.nn.conv2d(image[None], filters, 1, "VALID"), (shift - MEAN) / STD)[0]


def load(name):
    encoded = tf.io.read_file(name)
    begin, size, _ = tf.image.sample_distorted_bounding_box(
        tf.io.extract_jpeg_shape(encoded),
        tf.zeros([1, 0, 4]),
        aspect_ratio_range=(3 / 4, 4 / 3),
        area_range=(0.08, 1.0),
        max_attempts=10,
        use_image_if_no_bounding_boxes=True,
    )
    window = tf.concat([begin[:2], size[:2]], 0)
    image = tf.image.decode_and_crop_jpeg(encoded, window, channels=3)
    image = tf.image.resize(image, [224, 224])
    image = tf.image.random_flip_left_right(image)
    return by_functions(image) if colors == "tf.image" else by_matrix(image)


options = tf.data.Options()
options.threading.private_threadpool_size = threads
names = sorted(glob.glob(folder + "/*/*.jpg"))
data = tf.data.Dataset.from_tensor_slices(names).shuffle(len(names)).repeat()
data = data.map(load, num_parallel_calls=threads).batch(batch).prefetch(1).with_options(options)
batches = iter(data)
for _ in range(warmup):
    next(batches)
start = time.perf_counter()
for _ in range(steps):
    next(batches)
print(json.dumps({"imagesPerSecond": steps * batch / (time.perf_counter() - start)}))
