import * as z from 'zod';
import { Uri } from './scalars.ts';

/** Three-stage networks for small images (He et al. 2015, section 4.2) need depth 6n + 2. */
export const smallDepths = [8, 14, 20, 32, 44, 56] as const;
/** Four-stage networks for large images (He et al. 2015, table 1). */
export const largeDepths = [18, 34, 50, 101, 152] as const;

/** The network. */
export const Model = z.strictObject({
  depth: z
    .literal([8, 14, 18, 20, 32, 34, 44, 50, 56, 101, 152])
    .default(50)
    .describe(
      'Number of weighted layers. 18, 34, 50, 101 and 152 go with stem imagenet; 8, 14, 20, 32, 44 and 56 with stem small. Default 50.',
    ),
  variant: z
    .enum(['A', 'B', 'C', 'D'])
    .default('D')
    .describe(
      'Tweak of the architecture (paper, section 4). A: the original. B: stride in the 3x3 convolution of a bottleneck. C: B with a stem of three 3x3 convolutions. D: C with average pooling in the shortcut. With stem small only the shortcut differs. Default D.',
    ),
  stem: z
    .enum(['imagenet', 'small'])
    .default('imagenet')
    .describe(
      'imagenet: stride-2 stem and max pooling, four stages. small: one 3x3 convolution of stride 1, three stages of 16, 32 and 64 channels. Default imagenet.',
    ),
  classes: z.int().min(2).max(100_000).default(1000).describe('Number of classes. Default 1000.'),
  imageSize: z
    .int()
    .min(8)
    .max(1024)
    .default(224)
    .describe('Height and width of the image that the network sees, in pixels. Default 224.'),
  channels: z
    .literal([1, 3])
    .default(3)
    .describe('Channels of the image: 3 for colour, 1 for grey. Default 3.'),
  zeroGamma: z
    .boolean()
    .default(true)
    .describe(
      'Start the last batch-norm scale of every residual block at 0, so that the network is shallow at first (paper, section 3.1). Default true.',
    ),
  batchNorm: z
    .enum(['local', 'synchronised'])
    .default('local')
    .describe(
      'Whose statistics a batch normalisation uses in training. local: of the images of its own rank, as in the paper. synchronised: of the whole batch over all ranks, for few images a rank. Default local.',
    ),
  initializer: z
    .enum(['xavier', 'msra'])
    .default('xavier')
    .describe(
      "Initial weights: xavier, uniform by fan in and fan out (the paper), or msra, the published code's MSRAPrelu(0.25). Default xavier.",
    ),
  pretrained: Uri.optional().describe(
    'A safetensors file of this program, torchvision or timm, or a checkpoint, whose weights to start from. Without a classifier, or with one of another number of classes, the classifier is new. Default none.',
  ),
});
export type Model = z.output<typeof Model>;
