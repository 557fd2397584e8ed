import type { ResolvedSpec } from '../../../operator/api/v1alpha1/resolved-spec.ts';
import { shortSideFor } from './center-crop.ts';
import type { CropRange } from './crop-window.ts';
import type { Vector3 } from './matrix3.ts';

/** How training and validation images of a spec are made, with every default filled in. */
export interface AugmentationSettings {
  readonly imageSize: number;
  /** Short side of a whole image before the square in its centre is cut out. */
  readonly shortSide: number;
  /** Absent: training images are cut out of the centre too. */
  readonly crop?: CropRange;
  /** Probability. */
  readonly flip: number;
  /** Greatest distance of each coefficient from 1; 0 leaves it alone. */
  readonly brightness: number;
  readonly contrast: number;
  readonly saturation: number;
  readonly hue: number;
  /** Standard deviation of the coefficient of each principal component. */
  readonly pcaNoise: number;
  readonly mean: Vector3;
  readonly std: Vector3;
}

/** Of ImageNet, on the scale 0 to 255 (paper, section 2.1). */
export const imageNetMean: Vector3 = [123.68, 116.779, 103.939];
export const imageNetStd: Vector3 = [58.393, 57.12, 57.375];

const paperCrop: CropRange = {
  minArea: 0.08,
  maxArea: 1,
  minAspect: 3 / 4,
  maxAspect: 4 / 3,
  aspect: 'uniform',
};

type Parts = Pick<
  AugmentationSettings,
  'crop' | 'flip' | 'brightness' | 'contrast' | 'saturation' | 'hue' | 'pcaNoise'
>;

const none: Parts = { flip: 0, brightness: 0, contrast: 0, saturation: 0, hue: 0, pcaNoise: 0 };

/** What `data.augmentation` stands for. `light` is for small images and has its own code; here it is like `none`. */
const presets: Readonly<Record<ResolvedSpec['data']['augmentation'], Parts>> = {
  paper: {
    ...{ crop: paperCrop, flip: 0.5, pcaNoise: 0.1 },
    ...{ brightness: 0.4, saturation: 0.4, hue: 0.4, contrast: 0 },
  },
  // gluon-cv's train_imagenet.py: jitter_param 0.4, lighting_param 0.1; its crop draws the logarithm of the aspect.
  gluoncv: {
    ...{ crop: { ...paperCrop, aspect: 'log-uniform' }, flip: 0.5, pcaNoise: 0.1 },
    ...{ brightness: 0.4, saturation: 0.4, contrast: 0.4, hue: 0 },
  },
  light: none,
  none,
};

export function augmentationSettings({
  data,
  model,
}: {
  readonly data: Pick<
    ResolvedSpec['data'],
    'augmentation' | 'crop' | 'flip' | 'color' | 'resize' | 'normalize'
  >;
  readonly model: Pick<ResolvedSpec['model'], 'imageSize'>;
}): AugmentationSettings {
  const preset = presets[data.augmentation];
  const { color = {} } = data;
  const crop = cropRange(preset.crop, data.crop);
  return {
    imageSize: model.imageSize,
    shortSide: data.resize ?? shortSideFor(model.imageSize),
    ...(crop === undefined ? {} : { crop }),
    flip: data.flip ?? preset.flip,
    brightness: color.brightness ?? preset.brightness,
    contrast: color.contrast ?? preset.contrast,
    saturation: color.saturation ?? preset.saturation,
    hue: color.hue ?? preset.hue,
    pcaNoise: color.pcaNoise ?? preset.pcaNoise,
    mean: vector3(data.normalize?.mean ?? imageNetMean),
    std: vector3(data.normalize?.std ?? imageNetStd),
  };
}

function cropRange(
  preset: CropRange | undefined,
  given: ResolvedSpec['data']['crop'],
): CropRange | undefined {
  if (given === undefined) return preset;
  const base = preset ?? paperCrop;
  return {
    minArea: given.minArea ?? base.minArea,
    maxArea: given.maxArea ?? base.maxArea,
    minAspect: given.minAspect ?? base.minAspect,
    maxAspect: given.maxAspect ?? base.maxAspect,
    aspect: given.aspect ?? base.aspect,
  };
}

function vector3([red = NaN, green = NaN, blue = NaN]: readonly number[]): Vector3 {
  return [red, green, blue];
}
