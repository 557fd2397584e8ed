import type { CheckReport, DataProblem, DataRequest } from '../../../operator/api/trainer/data-request.ts';
import { planEvaluation } from '../augment/draw-augmentation.ts';
import { augmentationSettings } from '../augment/augmentation-settings.ts';
import { readImageHeader } from '../decode/image-header.ts';
import { UnreadableImage } from '../decode/unreadable-image.ts';
import { InvalidData } from '../invalid-data.ts';
import { sampleName } from '../index/sample-index.ts';
import { createLimit } from '../limit.ts';
import { openData } from './open-data.ts';

/** What is decoded is thrown away, so it may be small. */
const decodedSize = 32;

/** More pixels cost more time to decode than they are worth: ImageNet has 0.2 million on average. */
const mostPixels = 25_000_000;

const parallelImages = 16;

/**
 * Reads and decodes every image of a data set and says which are damaged, and which are odd: CMYK, of another encoding
 * than their name says, or oversized. Odd ones can be trained on.
 */
export async function checkData(request: DataRequest): Promise<CheckReport> {
  const { index, source, decoder } = await openData(request, decodedSize);
  const settings = augmentationSettings({
    model: { imageSize: decodedSize },
    data: { augmentation: 'none' },
  });
  const limit = createLimit(parallelImages);
  const target = new Float32Array(parallelImages * decodedSize ** 2 * 3);

  async function check(sample: number): Promise<DataProblem[]> {
    const image = sampleName(index, sample);
    const slot = decodedSize ** 2 * 3;
    const place = (sample % parallelImages) * slot;
    try {
      const bytes = await source.read(sample);
      const header = readImageHeader(bytes);
      await decoder.decode(
        bytes,
        (extent) => planEvaluation(extent, settings),
        target.subarray(place, place + slot),
      );
      return oddities(image, header, index.format === 'image-folder');
    } catch (error) {
      if (!(error instanceof InvalidData || error instanceof UnreadableImage)) throw error;
      return [{ image, problem: 'unreadable', message: error.message }];
    }
  }

  const found = await Promise.all(Array.from(index.label, (_, sample) => limit(() => check(sample))));
  return { images: index.label.length, problems: found.flat() };
}

function oddities(
  image: string,
  { encoding, channels, width, height }: ReturnType<typeof readImageHeader>,
  named: boolean,
): DataProblem[] {
  const problems: DataProblem[] = [];
  if (encoding === 'jpeg' && channels === 4) {
    problems.push({ image, problem: 'cmyk', message: 'it is in CMYK; its colours are converted' });
  }
  if (named && /\.png$/i.test(image) !== (encoding === 'png')) {
    problems.push({ image, problem: 'extension', message: `it is a ${encoding === 'png' ? 'PNG' : 'JPEG'}` });
  }
  if (width * height > mostPixels) {
    problems.push({ image, problem: 'oversized', message: `it is ${width} x ${height} pixels` });
  }
  return problems;
}
