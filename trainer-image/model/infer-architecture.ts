import { Model } from '../../operator/api/v1alpha1/model.ts';
import type { Architecture } from './resnet-plan.ts';

interface NamedShape {
  readonly name: string;
  readonly shape: readonly number[];
}

/**
 * Which residual network has these tensors, in torchvision's or timm's names and layouts; undefined if none of ours.
 * Variants A and B of a bottleneck network have equal tensors; B is taken, as torchvision's weights are of B. A small
 * network without average pooling counts as A.
 * @param imageSize which the tensors do not show
 */
export function inferArchitecture(
  tensors: readonly NamedShape[],
  imageSize: number,
): Architecture | undefined {
  const shapes = new Map(tensors.map(({ name, shape }) => [name, shape]));
  const stem = shapes.has('layer4.0.conv1.weight') ? 'imagenet' : 'small';
  const deepStem = shapes.has('conv1.0.weight');
  const averageShortcut = shapes.get('layer2.0.downsample.1.weight')?.length === 4;
  const blocks = [...shapes.keys()].filter((name) => /^layer\d+\.\d+\.conv1\.weight$/.test(name)).length;
  const layersPerBlock = shapes.has('layer1.0.conv3.weight') ? 3 : 2;
  const plain = stem === 'small' ? 'A' : 'B';
  const model = Model.safeParse({
    depth: 2 + layersPerBlock * blocks,
    variant: averageShortcut ? 'D' : deepStem ? 'C' : plain,
    stem,
    classes: shapes.get('fc.bias')?.[0],
    channels: shapes.get(deepStem ? 'conv1.0.weight' : 'conv1.weight')?.[1],
    imageSize,
  });
  return model.success && shapes.has('fc.bias') ? model.data : undefined;
}
