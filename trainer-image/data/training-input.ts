import { hash } from 'node:crypto';
import type { ResolvedSpec } from '../../operator/api/v1alpha1/resolved-spec.ts';
import { InvalidRecipe } from '../train/invalid-recipe.ts';
import { createPrefetch } from '../train/prefetch.ts';
import type { Batch } from '../train/replica.ts';
import { requireSupported } from '../train/supported.ts';
import { smoothedTargets, type LabelSmoothing } from '../tricks/label-smoothing.ts';
import { mixInto, mixingWeight, partnerPosition } from '../tricks/mixup.ts';
import { blockOrder } from './block-order.ts';
import type { ImagePart } from './image-part.ts';
import { openParts, type DataResources, type OpenedPart } from './open-parts.ts';
import { epochOrder, rankShare, stepsInEpoch } from './order.ts';

/**
 * Most images of an evaluation batch. Divides the 10,000 of Fashion-MNIST among 1, 2, 4, 5, 8 or 10 ranks with
 * none left over.
 */
const mostInEvaluationBatch = 250;
/** Large images come in smaller batches: 111 of 224 x 224 in colour. */
const mostBytesInEvaluationBatch = 2 ** 26;

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
   * @param spare a batch that nobody uses any more, whose memory may be used
   */
  trainingBatch(step: number, spare?: ImageBatch): Promise<ImageBatch>;
  /**
   * This rank's share of the validation set, unchanged but for normalisation, with one-hot targets. The
   * shares of all ranks together have every image exactly once, for any world size. The last batch may be
   * smaller. A batch is only there until the next one is asked for.
   */
  evaluationBatches(): AsyncIterable<ImageBatch>;
  /** Gives back what the input holds. It is of no use afterwards. */
  close(): Promise<void>;
}

/**
 * Reads and checks the data of a spec.
 * @throws InvalidRecipe if the spec asks for what this trainer cannot do
 * @throws InvalidData if the data is missing, damaged or not what it should be
 * @throws DataUnavailable if it cannot be read now
 */
export async function openTrainingInput(
  spec: ResolvedSpec,
  place: RankPlace,
  resources: DataResources,
): Promise<TrainingInput> {
  requireSupported(spec);
  const { training, validation } = await openParts(spec, resources);
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
  training: OpenedPart,
  validation: OpenedPart,
): TrainingInput {
  const { batchSize, mixup, seed } = recipe;
  const smoothing: LabelSmoothing = { smoothing: recipe.labelSmoothing, form: recipe.labelSmoothingForm };
  const stepsPerEpoch = stepsInEpoch(training.count, batchSize);
  const share = rankShare(batchSize, place);
  const partners = share.map((position) => partnerPosition(position, batchSize));
  const imageLength = model.imageSize ** 2 * model.channels;
  const evaluationBatchSize = Math.min(
    mostInEvaluationBatch,
    Math.max(1, Math.floor(mostBytesInEvaluationBatch / (4 * imageLength))),
  );
  let order: { epoch: number; samples: Uint32Array } = { epoch: -1, samples: new Uint32Array() };

  async function loadBatch(
    part: ImagePart,
    samples: readonly number[],
    epoch: number | undefined,
    spare: ImageBatch | undefined,
  ): Promise<ImageBatch> {
    const { images, labels } = await part.load(samples, epoch, spare?.images);
    const targets = smoothedTargets(labels, model.classes, epoch === undefined ? oneHot : smoothing);
    return { images, targets, count: samples.length };
  }

  return {
    trainingSize: training.count,
    validationSize: validation.count,
    stepsPerEpoch,
    fingerprint: hash(
      'sha256',
      JSON.stringify({
        format: data.format,
        training: training.identity,
        validation: validation.identity,
      }),
    ),

    async trainingBatch(step, spare) {
      const epoch = Math.floor(step / stepsPerEpoch);
      if (order.epoch !== epoch) order = { epoch, samples: orderOf(training, data, seed, epoch) };
      const { samples } = order;
      const first = (step % stepsPerEpoch) * batchSize;
      const load = (positions: readonly number[]) =>
        loadBatch(
          training,
          positions.map((position) => samples[first + position] ?? 0),
          epoch,
          spare,
        );
      if (mixup.alpha === 0) return load(share);
      // An image that is its own rank's partner, as all are on a single rank, is made once.
      const positions = [...new Set([...share, ...partners])];
      const loaded = await load(positions);
      const rowOf = new Map(positions.map((position, row) => [position, row]));
      const rows = (places: readonly number[]) => places.map((position) => rowOf.get(position) ?? 0);
      const weight = mixingWeight(mixup.alpha, seed, step);
      const mixed = (values: Float32Array, length: number) => {
        const own = pickRows(values, length, rows(share));
        mixInto(own, pickRows(values, length, rows(partners)), weight);
        return own;
      };
      return {
        images: mixed(loaded.images, imageLength),
        targets: mixed(loaded.targets, model.classes),
        count: share.length,
      };
    },

    async *evaluationBatches() {
      const samples = rankShare(validation.count, place);
      const pieces = Math.ceil(samples.length / evaluationBatchSize);
      const batches = createPrefetch(
        (index, spare: ImageBatch | undefined) =>
          loadBatch(
            validation,
            samples.slice(index * evaluationBatchSize, (index + 1) * evaluationBatchSize),
            undefined,
            spare,
          ),
        0,
        pieces,
      );
      try {
        for (let piece = 0; piece < pieces; piece += 1) yield await batches.next();
      } finally {
        await batches.close();
      }
    },

    close: () => Promise.resolve(),
  };
}

/** Rows of a matrix, one after the other, in another order. */
function pickRows(values: Float32Array, length: number, rows: readonly number[]): Float32Array {
  const picked = new Float32Array(rows.length * length);
  for (const [place, row] of rows.entries()) {
    picked.set(values.subarray(row * length, (row + 1) * length), place * length);
  }
  return picked;
}

function orderOf(
  { count, index }: OpenedPart,
  { shuffle }: ResolvedSpec['data'],
  seed: number,
  epoch: number,
): Uint32Array {
  return shuffle === undefined || index === undefined
    ? epochOrder(count, seed, epoch)
    : blockOrder(index.shard, shuffle.shardsInBlock, seed, epoch);
}
