"""Makes JPEGs of the size that ImageNet's have: make_images.py FOLDER COUNT. Noise on many scales, about 110 KB each."""

import io
import os
import sys

import numpy as np
from PIL import Image

folder, count = sys.argv[1], int(sys.argv[2])
random = np.random.default_rng(0)
for index in range(count):
    height, width = (375, 500) if index % 4 else (500, 375)
    image = np.zeros((height, width, 3))
    for columns, strength in ((4, 60), (16, 40), (64, 28), (160, 16), (500, 9)):
        noise = random.normal(size=(max(2, columns * height // width), columns, 3)).astype("f4")
        channels = [Image.fromarray(noise[:, :, c]).resize((width, height), Image.BICUBIC) for c in range(3)]
        image += strength * np.stack([np.asarray(channel) for channel in channels], -1)
    pixels = Image.fromarray(np.clip(image + 128, 0, 255).astype("u1"))
    for quality in range(96, 60, -2):
        encoded = io.BytesIO()
        pixels.save(encoded, "JPEG", quality=quality)
        if encoded.tell() < 115_000:
            break
    for part in ("train", "validation") if index < 8 else ("train",):
        name = os.path.join(folder, part, f"class-{index % 2}", f"{index:05}.jpg")
        os.makedirs(os.path.dirname(name), exist_ok=True)
        with open(name, "wb") as file:
            file.write(encoded.getvalue())
