import type { ResolvedSpec } from '../../operator/api/v1alpha1/resolved-spec.ts';
import { copyCropped, drawCropAndFlip, unchanged } from './augment-light.ts';
import type { FashionMnistPart } from './fashion-mnist.ts';
import { fashionMnistFacts } from './fashion-mnist-facts.ts';
import type { ImagePart } from './image-part.ts';
import { normalizationTable } from './normalization.ts';
import { counterRandom } from './random.ts';

/** Images that are in memory, cropped and mirrored there. */
export function fashionMnistImages(
  part: FashionMnistPart,
  { data, model, recipe: { seed } }: Pick<ResolvedSpec, 'data' | 'model' | 'recipe'>,
): ImagePart {
  const { pixels, labels, count, height, width, channels, sha256 } = part;
  const { mean, std } = fashionMnistFacts;
  const table = normalizationTable(data.normalize ?? { mean: [mean], std: [std] });
  const imageLength = height * width * channels;

  const changes = (sample: number, epoch: number | undefined) =>
    epoch !== undefined && data.augmentation === 'light'
      ? drawCropAndFlip(model.imageSize, counterRandom(['crop-and-flip', seed, epoch, sample]))
      : unchanged;

  return {
    count,
    identity: { count, sha256 },
    load(samples, epoch) {
      const images = new Float32Array(samples.length * imageLength);
      for (const [row, sample] of samples.entries()) {
        const source = { pixels, offset: sample * imageLength, height, width, channels, table };
        copyCropped(source, changes(sample, epoch), images, row * imageLength);
      }
      return Promise.resolve({ images, labels: samples.map((sample) => labels[sample] ?? 0) });
    },
  };
}
