import { stageOf } from '../model/stages.ts';
import type { HostTensor } from '../tensorflow/host-tensor.ts';
import { encodeSafetensors } from './safetensors.ts';
import type { TrainingState } from './training-state.ts';

/** What torch keeps for each batch normalisation besides its statistics. */
const batchesTracked = 'num_batches_tracked';

/** The whole network, or all but its classifier. */
export type ExportedPart = 'network' | 'backbone';

/**
 * The pieces of a safetensors file that holds exactly the state dict of the same network in torchvision or timm: the
 * weights of a checkpoint, whose names and layouts those are already, and torch's count of batches, which is the number
 * of steps. Its metadata names the network there, its accuracy and the classes.
 * @param weights in the layout of torchvision
 * @param part `backbone`: what detection and segmentation frameworks put under their heads, the body of torchvision's
 * Faster R-CNN and the backbone of its FCN
 */
export function exportModel(
  weights: readonly HostTensor[],
  state: TrainingState,
  part: ExportedPart,
): Uint8Array[] {
  const wanted = weights.filter(({ name }) => part === 'network' || stageOf(name) !== undefined);
  const counted = wanted.flatMap((tensor) => {
    if (!tensor.name.endsWith('.running_var')) return [tensor];
    return [tensor, batchCount(tensor.name.replace('running_var', batchesTracked), state.step)];
  });
  const { model } = state.spec;
  return encodeSafetensors(counted, {
    format: 'pt',
    architecture: architectureOf(model),
    ...(part === 'network' ? { classes: String(model.classes) } : {}),
    imageSize: String(model.imageSize),
    step: String(state.step),
    epoch: String(state.epoch),
    ...(state.top1 === undefined ? {} : { top1: String(state.top1) }),
  });
}

/** The name under which others know the network: B is torchvision's, C and D are timm's. */
export function architectureOf({
  depth,
  variant,
  stem,
}: Pick<TrainingState['spec']['model'], 'depth' | 'variant' | 'stem'>): string {
  if (stem === 'small') return `small-resnet${depth}-${variant.toLowerCase()}`;
  const suffixes = { A: '-v1', B: '', C: 'c', D: 'd' } as const;
  return `resnet${depth}${suffixes[variant]}`;
}

function batchCount(name: string, steps: number): HostTensor {
  const data = Buffer.alloc(8);
  data.writeBigInt64LE(BigInt(steps));
  return { name, dtype: 'int64', shape: [], data };
}
