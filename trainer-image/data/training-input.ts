import { hash } from 'node:crypto';
import type { ResolvedSpec } from '../../operator/api/v1alpha1/resolved-spec.ts';
import { localPath } from '../storage/location.ts';
import { InvalidRecipe } from '../train/invalid-recipe.ts';
import type { Batch } from '../train/replica.ts';
import { requireSupported } from '../train/supported.ts';
import { smoothedTargets, type LabelSmoothing } from '../tricks/label-smoothing.ts';
import { mixInto, mixingWeight, partnerPosition } from '../tricks/mixup.ts';
import { copyCropped, drawCropAndFlip, unchanged, type CropAndFlip } from './augment-light.ts';
import { fashionMnistFacts } from './fashion-mnist-facts.ts';
import { readFashionMnist, type FashionMnistPart } from './fashion-mnist.ts';
import type { ImageSet } from './image-set.ts';
import { InvalidData } from './invalid-data.ts';
import { normalizationTable } from './normalization.ts';
import { epochOrder, rankShare, stepsInEpoch } from './order.ts';
import { counterRandom } from './random.ts';

/**
 * Images of an evaluation batch. Divides the 10,000 of Fashion-MNIST among 1, 2, 4, 5, 8 or 10 ranks with
 * none left over.
 */
const evaluationBatchSize = 250;

/** Evaluation asks for the true class. */
const oneHot: LabelSmoothing = { smoothing: 0, form: 'paper' };

/** Where a rank stands among all. */
export interface RankPlace {
  readonly rank: number;
  readonly worldSize: number;
}

/** A batch as it is made: in float32. */
export interface ImageBatch extends Batch {
  readonly images: Float32Array;
  readonly targets: Float32Array;
}

/** The images of one rank, as batches. */
export interface TrainingInput {
  /** Images of the whole training set and of the whole validation set. */
  readonly trainingSize: number;
  readonly validationSize: number;
  readonly stepsPerEpoch: number;
  /**
   * SHA-256 over format, digests and sizes, as hex: the same for any world size and location of equal data.
   */
  readonly fingerprint: string;
  /**
   * This rank's share of the global batch of a step, augmented and normalised, with targets smoothed and
   * mixed.
   * @param step finished steps before this one, over all epochs
   */
  trainingBatch(step: number): Promise<ImageBatch>;
  /**
   * This rank's share of the validation set, unchanged but for normalisation, with one-hot targets. The
   * shares of all ranks together have every image exactly once, for any world size. The last batch may be
   * smaller.
   */
  evaluationBatches(): AsyncIterable<ImageBatch>;
  /** Gives back what the input holds. It is of no use afterwards. */
  close(): Promise<void>;
}

/**
 * Reads and checks the data of a spec.
 * @throws InvalidRecipe if the spec asks for what this trainer cannot do
 * @throws InvalidData if the data is missing, damaged or not what it should be
 */
export async function openTrainingInput(spec: ResolvedSpec, place: RankPlace): Promise<TrainingInput> {
  requireSupported(spec);
  const [training, validation] = await Promise.all([
    readFashionMnist(folderOf(spec.data.train), 'training'),
    readFashionMnist(folderOf(spec.data.validation ?? spec.data.train), 'validation'),
  ]);
  const { batchSize } = spec.recipe;
  if (batchSize > training.count) {
    throw new InvalidRecipe(
      `recipe.batchSize is ${batchSize}, but there are only ${training.count} training images; make it smaller`,
    );
  }
  if (batchSize < place.worldSize) {
    throw new InvalidRecipe(
      `recipe.batchSize is ${batchSize}, which leaves nothing for some of ${place.worldSize} ranks; make it larger`,
    );
  }
  const { accumulationSteps } = spec.recipe;
  if (Math.floor(batchSize / place.worldSize) < accumulationSteps) {
    throw new InvalidRecipe(
      `recipe.accumulationSteps is ${accumulationSteps}, but the share of a rank is only ${Math.floor(batchSize / place.worldSize)} images; make it smaller`,
    );
  }
  return createTrainingInput(spec, place, training, validation);
}

function createTrainingInput(
  { data, model, recipe }: ResolvedSpec,
  place: RankPlace,
  training: FashionMnistPart,
  validation: FashionMnistPart,
): TrainingInput {
  const { batchSize, mixup, seed } = recipe;
  const smoothing: LabelSmoothing = { smoothing: recipe.labelSmoothing, form: recipe.labelSmoothingForm };
  const { mean, std } = fashionMnistFacts;
  const table = normalizationTable(data.normalize ?? { mean: [mean], std: [std] });
  const stepsPerEpoch = stepsInEpoch(training.count, batchSize);
  const share = rankShare(batchSize, place);
  let order: { epoch: number; samples: Uint32Array } = { epoch: -1, samples: new Uint32Array() };

  const augmentationOf = (epoch: number) => (sample: number) =>
    data.augmentation === 'light'
      ? drawCropAndFlip(model.imageSize, counterRandom(['crop-and-flip', seed, epoch, sample]))
      : unchanged;

  return {
    trainingSize: training.count,
    validationSize: validation.count,
    stepsPerEpoch,
    fingerprint: fingerprintOf(data.format, training, validation),

    // eslint-disable-next-line @typescript-eslint/require-await -- other formats wait for files here
    async trainingBatch(step) {
      const epoch = Math.floor(step / stepsPerEpoch);
      if (order.epoch !== epoch) order = { epoch, samples: epochOrder(training.count, seed, epoch) };
      const first = (step % stepsPerEpoch) * batchSize;
      const batchOf = (positions: readonly number[]) => {
        const samples = positions.map((position) => order.samples[first + position] ?? 0);
        return {
          images: gatherImages(training, table, samples, augmentationOf(epoch)),
          targets: gatherTargets(training, samples, model.classes, smoothing),
          count: samples.length,
        };
      };
      const batch = batchOf(share);
      if (mixup.alpha > 0) {
        const partners = batchOf(share.map((position) => partnerPosition(position, batchSize)));
        const weight = mixingWeight(mixup.alpha, seed, step);
        mixInto(batch.images, partners.images, weight);
        mixInto(batch.targets, partners.targets, weight);
      }
      return batch;
    },

    // eslint-disable-next-line @typescript-eslint/require-await -- other formats wait for files here
    async *evaluationBatches() {
      const samples = rankShare(validation.count, place);
      for (let first = 0; first < samples.length; first += evaluationBatchSize) {
        const piece = samples.slice(first, first + evaluationBatchSize);
        yield {
          images: gatherImages(validation, table, piece, () => unchanged),
          targets: gatherTargets(validation, piece, model.classes, oneHot),
          count: piece.length,
        };
      }
    },

    close: () => Promise.resolve(),
  };
}

function folderOf(uri: string): string {
  const folder = localPath(uri);
  if (folder === undefined) throw new InvalidData(`${uri} is not a folder of this machine; use one`);
  return folder;
}

function gatherImages(
  { pixels, height, width, channels }: ImageSet,
  table: Float32Array,
  samples: readonly number[],
  augmentation: (sample: number) => CropAndFlip,
): Float32Array {
  const imageLength = height * width * channels;
  const images = new Float32Array(samples.length * imageLength);
  for (const [row, sample] of samples.entries()) {
    const source = { pixels, offset: sample * imageLength, height, width, channels, table };
    copyCropped(source, augmentation(sample), images, row * imageLength);
  }
  return images;
}

function gatherTargets(
  { labels }: ImageSet,
  samples: readonly number[],
  classes: number,
  smoothing: LabelSmoothing,
): Float32Array {
  return smoothedTargets(
    samples.map((sample) => labels[sample] ?? 0),
    classes,
    smoothing,
  );
}

function fingerprintOf(format: string, training: FashionMnistPart, validation: FashionMnistPart): string {
  const facts = [training, validation].map(({ count, sha256 }) => ({ count, sha256 }));
  return hash('sha256', JSON.stringify({ format, training: facts[0], validation: facts[1] }));
}
