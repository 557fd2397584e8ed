import type { ImagePlan } from '../../../trainer-image/data/augment/draw-augmentation.ts';
import { planEvaluation } from '../../../trainer-image/data/augment/draw-augmentation.ts';
import { augmentationSettings } from '../../../trainer-image/data/augment/augmentation-settings.ts';
import { applyContrast, unchangedColor } from '../../../trainer-image/data/augment/color-transform.ts';
import { createImageDecoder } from '../../../trainer-image/data/decode/image-decoder.ts';
import { encodePng } from '../../../trainer-image/data/preview/png.ts';
import { jpegEncoder } from '../../fixtures/image-set/encode-jpeg.ts';
import { smallSpec } from '../../fixtures/small-spec.ts';
import { answerTask } from './answer-task.ts';

/** Images by what was done to them; each a list of numbers, rows of pixels of three channels. */
export interface ImagesAnswer {
  readonly images: Readonly<Record<string, readonly number[]>>;
  readonly failures: Readonly<Record<string, string>>;
  /** Tensors that were not freed. */
  readonly left: number;
}

/** Pixels by a function of row and column. */
function drawn(height: number, width: number, color: (row: number, column: number) => readonly number[]) {
  const pixels = new Uint8Array(height * width * 3);
  for (let row = 0; row < height; row += 1) {
    for (let column = 0; column < width; column += 1) {
      pixels.set(color(row, column), (row * width + column) * 3);
    }
  }
  return pixels;
}

await answerTask<null>(async ({ native }) => {
  const encode = jpegEncoder(native, 100);
  const images: Record<string, number[]> = {};
  const failures: Record<string, string> = {};

  async function decode(name: string, bytes: Uint8Array, size: number, plan: Partial<ImagePlan> = {}) {
    const target = new Float32Array(size * size * 3);
    const whole = (image: { height: number; width: number }): ImagePlan => ({
      ...{ window: { top: 0, left: 0, ...image }, resized: { height: size, width: size } },
      ...{ top: 0, left: 0, flip: false, color: unchangedColor },
      ...plan,
    });
    try {
      await createImageDecoder(native, size, 2).decode(bytes, whole, target);
      images[name] = [...target];
    } catch (error) {
      failures[name] = error instanceof Error ? error.message : String(error);
    }
  }

  // Red counts columns, green rows, blue is always 7.
  const grid = encodePng(
    drawn(4, 4, (row, column) => [column * 10, row * 20, 7]),
    4,
    4,
  );
  await decode('whole', grid, 4);
  await decode('mirrored', grid, 4, { flip: true });
  await decode('window', grid, 2, { window: { top: 1, left: 2, height: 2, width: 2 } });
  await decode('cut', grid, 2, { resized: { height: 4, width: 4 }, top: 2, left: 1 });
  await decode('contrast', grid, 4, { color: applyContrast(unchangedColor, 0.5) });
  await decode('swapped', grid, 4, {
    color: {
      ...unchangedColor,
      pixel: [
        [0, 1, 0],
        [0, 0, 1],
        [2, 0, 0],
      ],
      offset: [1000, 0, -1],
    },
  });
  const steps = encodePng(
    drawn(2, 2, (row, column) => [column * 100, row * 100, 0]),
    2,
    2,
  );
  await decode('enlarged', steps, 4);

  // A slope that says where each pixel came from.
  const slope = drawn(375, 500, (row, column) => [column / 2, row / 2, 0]);
  const settings = augmentationSettings(smallSpec({ model: { imageSize: 224, channels: 3 } }));
  const evaluation = { ...planEvaluation({ height: 375, width: 500 }, settings), color: unchangedColor };
  await decode('evaluation', encodePng(slope, 375, 500), 224, evaluation);
  const jpeg = await encode(slope, 375, 500);
  await decode('evaluation of a JPEG', jpeg, 224, evaluation);
  for (const size of [128, 64, 32]) {
    await decode(`JPEG to ${size}`, jpeg, size);
    await decode(`PNG to ${size}`, encodePng(slope, 375, 500), size);
    const window = { top: 51, left: 101, height: 301, width: 303 };
    await decode(`window of a JPEG to ${size}`, jpeg, size, { window });
    await decode(`window of a PNG to ${size}`, encodePng(slope, 375, 500), size, { window });
  }

  await decode('truncated', jpeg.subarray(0, 1000), 4);
  await decode(
    'scrambled',
    Uint8Array.from(jpeg, (byte, index) => (index > 100 && index < 700 ? 0xff : byte)),
    4,
  );
  await decode('text', Buffer.from('no image'), 4);
  return { images, failures, left: native.countTensors() } satisfies ImagesAnswer;
});
