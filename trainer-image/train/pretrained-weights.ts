import { modelFile } from '../checkpoint/checkpoint-layout.ts';
import { IncompatibleCheckpoint } from '../checkpoint/incompatible-checkpoint.ts';
import { decodeSafetensors } from '../checkpoint/safetensors.ts';
import type { Network } from '../model/network.ts';
import { stageOf } from '../model/stages.ts';
import { openStorage } from '../storage/open-storage.ts';
import type { StorageAccess } from '../storage/storage-access.ts';
import type { HostTensor } from '../tensorflow/host-tensor.ts';
import { fromCheckpointLayout } from './checkpoint-tensors.ts';

/** What torch counts in every batch normalisation and nothing here reads. */
const uncounted = '.num_batches_tracked';

const isOfClassifier = (name: string) => stageOf(name) === undefined;

/** The classes of a network with these tensors in the layout of torchvision, undefined without a classifier. */
export function pretrainedClasses(tensors: readonly HostTensor[]): number | undefined {
  return tensors.find(({ name }) => isOfClassifier(name))?.shape[0];
}

/**
 * The tensors of a safetensors file with torchvision's or timm's names and layouts, such as the `model.safetensors` of
 * a checkpoint.
 * @param uri the file, or the step folder that it lies in
 * @throws CorruptCheckpoint if it is not such a file, StorageError if it cannot be read
 */
export async function readPretrained(uri: string, access: StorageAccess): Promise<HostTensor[]> {
  const file = uri.endsWith('.safetensors') ? uri : `${uri.replace(/\/+$/, '')}/${modelFile}`;
  const slash = file.lastIndexOf('/');
  const bytes = await openStorage(file.slice(0, slash + 1), access).get(file.slice(slash + 1));
  return decodeSafetensors(bytes, file).tensors;
}

/**
 * The values with which a network starts from weights of another training: those weights, and for a classifier that they
 * lack, or have of another number of classes, its initial values. Pure.
 * @param pretrained in the layout of torchvision
 * @param initial value of every variable, in our layout
 * @param name of the weights, for messages
 * @throws IncompatibleCheckpoint naming the tensor that is missing, too many, or of another shape or type
 */
export function startFrom(
  pretrained: readonly HostTensor[],
  network: Network,
  initial: readonly HostTensor[],
  name: string,
): HostTensor[] {
  const refuse = (problem: string) =>
    new IncompatibleCheckpoint(`${name} does not fit the model: ${problem}`);
  const weights = pretrained.filter((tensor) => !tensor.name.endsWith(uncounted));
  const expected = new Set(network.variables.map((variable) => variable.name));
  const surplus = weights.find((tensor) => !expected.has(tensor.name));
  if (surplus !== undefined) throw refuse(`it has ${surplus.name}, which the model has not`);

  const asSaved = new Map(weights.map((tensor) => [tensor.name, tensor]));
  const keepsClassifier = pretrainedClasses(weights) === network.classes;
  const starts = new Map(initial.map((tensor) => [tensor.name, tensor]));
  return network.variables.map((variable) => {
    const start = starts.get(variable.name);
    if (start === undefined) throw new RangeError(`${variable.name} has no initial value`);
    if (isOfClassifier(variable.name) && !keepsClassifier) return start;
    const saved = asSaved.get(variable.name);
    if (saved === undefined) throw refuse(`it lacks ${variable.name}`);
    if (saved.dtype !== start.dtype) {
      throw refuse(`${variable.name} holds ${saved.dtype}, not ${start.dtype}; convert the file`);
    }
    const misshapen = (found: readonly number[]) =>
      refuse(`${variable.name} has shape [${found.join(', ')}], which is not that of the model`);
    if (saved.shape.length !== variable.shape.length) throw misshapen(saved.shape);
    const [tensor] = fromCheckpointLayout([saved], network);
    if (tensor?.shape.join() !== variable.shape.join()) throw misshapen(saved.shape);
    return tensor;
  });
}
