import type { Model } from '../../operator/api/v1alpha1/model.ts';

/** What of a model decides the shape of its network. */
export type Architecture = Pick<Model, 'depth' | 'variant' | 'stem' | 'classes' | 'imageSize' | 'channels'>;

/** A convolution and the batch normalisation after it. */
export interface ConvolutionPlan {
  /** Names of the two, as torchvision or timm has them. */
  readonly convolution: string;
  readonly norm: string;
  readonly kernel: number;
  readonly inputs: number;
  readonly outputs: number;
  readonly stride: number;
}

interface ShortcutPlan {
  /** 2x2 average pooling of stride 2 comes before the convolution (variant D). */
  readonly averagePool: boolean;
  readonly projection: ConvolutionPlan;
}

/** A residual block: the sum of a path and a shortcut, then a ReLU. */
export interface BlockPlan {
  /** A ReLU after each but the last. */
  readonly path: readonly ConvolutionPlan[];
  /** Absent where the block's input is added as it is. */
  readonly shortcut?: ShortcutPlan;
}

/** A residual network as data. */
export interface ResNetPlan {
  /** A ReLU after each. */
  readonly stem: readonly ConvolutionPlan[];
  /** 3x3 max pooling of stride 2 after the stem. */
  readonly maxPool: boolean;
  readonly blocks: readonly BlockPlan[];
  /** Channels that the classifier sees. */
  readonly features: number;
}

/** What the variants change (paper, section 4.1). Each has all that the one before it has. */
interface Tweaks {
  /** B: the stride of a bottleneck is in its 3x3 convolution, not in the 1x1 before it. */
  readonly strideInMiddle: boolean;
  /** C: three 3x3 convolutions in place of the 7x7. */
  readonly deepStem: boolean;
  /** D: the shortcut averages before it projects, so that it sees every pixel. */
  readonly averageShortcut: boolean;
}

const tweaks: Readonly<Record<Architecture['variant'], Tweaks>> = {
  A: { strideInMiddle: false, deepStem: false, averageShortcut: false },
  B: { strideInMiddle: true, deepStem: false, averageShortcut: false },
  C: { strideInMiddle: true, deepStem: true, averageShortcut: false },
  D: { strideInMiddle: true, deepStem: true, averageShortcut: true },
};

type Block = 'basic' | 'bottleneck';

interface Family {
  readonly block: Block;
  /** Blocks of each stage. */
  readonly stages: readonly number[];
}

/** He et al. 2015, table 1. */
const largeFamilies: Readonly<Record<number, Family>> = {
  18: { block: 'basic', stages: [2, 2, 2, 2] },
  34: { block: 'basic', stages: [3, 4, 6, 3] },
  50: { block: 'bottleneck', stages: [3, 4, 6, 3] },
  101: { block: 'bottleneck', stages: [3, 4, 23, 3] },
  152: { block: 'bottleneck', stages: [3, 8, 36, 3] },
};

/** Channels that a bottleneck returns for each that its 3x3 convolution has. */
const bottleneckExpansion = 4;

export function planResNet(architecture: Architecture): ResNetPlan {
  const { stem, channels, variant } = architecture;
  const tweak = tweaks[variant];
  const family = familyOf(architecture);
  const widths = stem === 'small' ? [16, 32, 64] : [64, 128, 256, 512];
  const [firstWidth = 0] = widths;

  const blocks: BlockPlan[] = [];
  let inputs = firstWidth;
  for (const [stage, width] of widths.entries()) {
    for (let index = 0; index < (family.stages[stage] ?? 0); index++) {
      const stride = stage > 0 && index === 0 ? 2 : 1;
      const block = planBlock(`layer${stage + 1}.${index}`, {
        block: family.block,
        inputs,
        width,
        stride,
        tweak,
      });
      blocks.push(block);
      inputs = block.path.at(-1)?.outputs ?? inputs;
    }
  }
  return {
    stem: stem === 'small' ? smallStem(channels, firstWidth) : largeStem(channels, firstWidth, tweak),
    maxPool: stem === 'imagenet',
    blocks,
    features: inputs,
  };
}

function familyOf({ depth, stem }: Architecture): Family {
  if (stem === 'small') {
    // Three stages of n blocks of two layers, stem and classifier: 6n + 2 (He et al. 2015, section 4.2).
    const blocksPerStage = (depth - 2) / 6;
    if (Number.isInteger(blocksPerStage) && blocksPerStage > 0) {
      return { block: 'basic', stages: [blocksPerStage, blocksPerStage, blocksPerStage] };
    }
  } else {
    const family = largeFamilies[depth];
    if (family !== undefined) return family;
  }
  throw new RangeError(`there is no residual network of depth ${depth} with stem ${stem}`);
}

function smallStem(inputs: number, outputs: number): ConvolutionPlan[] {
  return [{ convolution: 'conv1', norm: 'bn1', kernel: 3, inputs, outputs, stride: 1 }];
}

function largeStem(inputs: number, outputs: number, { deepStem }: Tweaks): ConvolutionPlan[] {
  if (!deepStem) return [{ convolution: 'conv1', norm: 'bn1', kernel: 7, inputs, outputs, stride: 2 }];
  const middle = outputs / 2;
  // The names are those of a timm model, where ReLUs are conv1.2 and conv1.5.
  return [
    { convolution: 'conv1.0', norm: 'conv1.1', kernel: 3, inputs, outputs: middle, stride: 2 },
    { convolution: 'conv1.3', norm: 'conv1.4', kernel: 3, inputs: middle, outputs: middle, stride: 1 },
    { convolution: 'conv1.6', norm: 'bn1', kernel: 3, inputs: middle, outputs, stride: 1 },
  ];
}

interface BlockSettings {
  readonly block: Block;
  readonly inputs: number;
  readonly width: number;
  readonly stride: number;
  readonly tweak: Tweaks;
}

function planBlock(name: string, { block, inputs, width, stride, tweak }: BlockSettings): BlockPlan {
  const outputs = block === 'basic' ? width : width * bottleneckExpansion;
  const layer = (index: number, kernel: number, from: number, to: number, layerStride: number) => ({
    convolution: `${name}.conv${index}`,
    norm: `${name}.bn${index}`,
    kernel,
    inputs: from,
    outputs: to,
    stride: layerStride,
  });
  const path =
    block === 'basic'
      ? [layer(1, 3, inputs, width, stride), layer(2, 3, width, outputs, 1)]
      : [
          layer(1, 1, inputs, width, tweak.strideInMiddle ? 1 : stride),
          layer(2, 3, width, width, tweak.strideInMiddle ? stride : 1),
          layer(3, 1, width, outputs, 1),
        ];
  if (stride === 1 && inputs === outputs) return { path };
  // timm counts the pooling as downsample.0, also where a stride of 1 leaves nothing to pool.
  const first = tweak.averageShortcut ? 1 : 0;
  const averages = tweak.averageShortcut && stride > 1;
  return {
    path,
    shortcut: {
      averagePool: averages,
      projection: {
        convolution: `${name}.downsample.${first}`,
        norm: `${name}.downsample.${first + 1}`,
        kernel: 1,
        inputs,
        outputs,
        stride: averages ? 1 : stride,
      },
    },
  };
}
