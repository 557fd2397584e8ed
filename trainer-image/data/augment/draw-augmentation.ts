import { counterRandom, type CounterRandom } from '../random.ts';
import type { AugmentationSettings } from './augmentation-settings.ts';
import { centerCrop } from './center-crop.ts';
import {
  applyBrightness,
  applyContrast,
  applyHue,
  applyNormalization,
  applySaturation,
  applyShift,
  pcaShift,
  unchangedColor,
  type ColorTransform,
} from './color-transform.ts';
import { drawCropWindow, type CropWindow, type ImageExtent } from './crop-window.ts';

/** Everything that happens to one image on its way to the network. */
export interface ImagePlan {
  /** Part of the decoded image that is used. */
  readonly window: CropWindow;
  /** What the window is resized to. */
  readonly resized: ImageExtent;
  /** Upper left corner of the square that is cut out of that. */
  readonly top: number;
  readonly left: number;
  readonly flip: boolean;
  /** Normalisation included. */
  readonly color: ColorTransform;
}

/** Which draw: the same always has the same outcome, on whichever rank and in whatever order. */
export interface AugmentationKey {
  readonly seed: number;
  readonly epoch: number;
  readonly sample: number;
}

/** What a training image goes through. Each part has a stream of its own, so switching one off changes no other. */
export function drawAugmentation(
  image: ImageExtent,
  settings: AugmentationSettings,
  { seed, epoch, sample }: AugmentationKey,
): ImagePlan {
  const { crop, imageSize } = settings;
  const stream = (part: string) => counterRandom([part, seed, epoch, sample]);
  const framed =
    crop === undefined
      ? frameCenter(image, settings)
      : {
          window: drawCropWindow(image, crop, stream('crop')),
          resized: { height: imageSize, width: imageSize },
          top: 0,
          left: 0,
        };
  return {
    ...framed,
    flip: settings.flip > 0 && stream('flip').uniform() < settings.flip,
    color: applyNormalization(drawColor(settings, stream('color')), settings.mean, settings.std),
  };
}

/** What a validation image goes through: nothing is drawn. */
export function planEvaluation(image: ImageExtent, settings: AugmentationSettings): ImagePlan {
  return {
    ...frameCenter(image, settings),
    flip: false,
    color: applyNormalization(unchangedColor, settings.mean, settings.std),
  };
}

function frameCenter(image: ImageExtent, { shortSide, imageSize }: AugmentationSettings) {
  return { window: { top: 0, left: 0, ...image }, ...centerCrop(image, shortSide, imageSize) };
}

/** Brightness, contrast, saturation and hue in random order, as the published code has them, then noise. */
export function drawColor(settings: AugmentationSettings, random: CounterRandom): ColorTransform {
  const { brightness, contrast, saturation, hue, pcaNoise } = settings;
  const changes = [
    { reach: brightness, apply: applyBrightness },
    { reach: contrast, apply: applyContrast },
    { reach: saturation, apply: applySaturation },
    { reach: hue, apply: applyHue },
  ].filter(({ reach }) => reach > 0);
  let transform = unchangedColor;
  while (changes.length > 0) {
    const [change] = changes.splice(random.integer(changes.length), 1);
    if (change === undefined) break;
    transform = change.apply(transform, 1 + change.reach * (2 * random.uniform() - 1));
  }
  if (pcaNoise === 0) return transform;
  const coefficient = () => pcaNoise * random.normal();
  return applyShift(transform, pcaShift([coefficient(), coefficient(), coefficient()]));
}
