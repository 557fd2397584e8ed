import { writeFile } from 'node:fs/promises';
import type { DataRequest, PreviewReport } from '../../../operator/api/trainer/data-request.ts';
import { augmentationSettings, type AugmentationSettings } from '../augment/augmentation-settings.ts';
import { drawAugmentation, planEvaluation, type ImagePlan } from '../augment/draw-augmentation.ts';
import type { ImageExtent } from '../augment/crop-window.ts';
import { epochOrder } from '../order.ts';
import { encodePng } from '../preview/png.ts';
import { openData } from './open-data.ts';

/** The image as validation sees it, and as training does in so many epochs. */
const columns = 8;
/** Between the images, in white. */
const gapPixels = 4;

/**
 * Writes a contact sheet of what the network will see: a row for each of the first images of epoch 0; in it the image
 * as in validation, then as in training, epoch by epoch.
 */
export async function previewData(request: DataRequest, to: string): Promise<PreviewReport> {
  const { imageSize, augmentation, seed } = request;
  const { index, source, decoder } = await openData(request, imageSize);
  const settings = augmentationSettings({ model: { imageSize }, data: { augmentation } });
  const samples = [...epochOrder(index.label.length, seed, 0).subarray(0, request.images)];
  const step = imageSize + gapPixels;
  const width = columns * step - gapPixels;
  const height = samples.length * step - gapPixels;
  const sheet = new Uint8Array(height * width * 3).fill(255);
  await Promise.all(
    samples.map(async (sample, row) => {
      const bytes = await source.read(sample);
      for (let column = 0; column < columns; column += 1) {
        const plan = (image: ImageExtent): ImagePlan =>
          column === 0
            ? planEvaluation(image, settings)
            : drawAugmentation(image, settings, { seed, epoch: column - 1, sample });
        const image = new Float32Array(imageSize ** 2 * 3);
        await decoder.decode(bytes, plan, image);
        paste(image, settings, sheet, { top: row * step, left: column * step, width });
      }
    }),
  );
  await writeFile(to, encodePng(sheet, height, width));
  return { file: to, images: samples.length, columns };
}

/** Turns normalised values into colours again. What was brighter than white is white. */
function paste(
  image: Float32Array,
  { imageSize, mean, std }: AugmentationSettings,
  sheet: Uint8Array,
  { top, left, width }: { readonly top: number; readonly left: number; readonly width: number },
): void {
  for (const [position, value] of image.entries()) {
    const channel = position % 3;
    const pixel = (position - channel) / 3;
    const row = Math.floor(pixel / imageSize);
    const target = ((top + row) * width + left + (pixel % imageSize)) * 3 + channel;
    const color = value * (std[channel] ?? 1) + (mean[channel] ?? 0);
    sheet[target] = Math.max(0, Math.min(255, Math.round(color)));
  }
}
