import { modelFile } from '../checkpoint/checkpoint-layout.ts';
import { IncompatibleCheckpoint } from '../checkpoint/incompatible-checkpoint.ts';
import { decodeSafetensors } from '../checkpoint/safetensors.ts';
import type { Network } from '../model/network.ts';
import { openStorage } from '../storage/open-storage.ts';
import type { StorageAccess } from '../storage/storage-access.ts';
import type { HostTensor } from '../tensorflow/host-tensor.ts';
import { fromCheckpointLayout } from './checkpoint-tensors.ts';

/** What torch counts in every batch normalisation and nothing here reads. */
const uncounted = '.num_batches_tracked';

/** The last layer, whose size is the number of classes, as `resNetVariables` names it. */
const classifierWeight = 'fc.weight';
const classifierBias = 'fc.bias';

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
 * The values with which a network starts from weights of another training: those weights, and for a classifier of
 * another number of classes its initial values. Pure.
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
  const classes = asSaved.get(classifierBias)?.shape[0] ?? network.classes;
  const starts = new Map(initial.map((tensor) => [tensor.name, tensor]));
  return network.variables.map((variable) => {
    const start = starts.get(variable.name);
    if (start === undefined) throw new RangeError(`${variable.name} has no initial value`);
    const isClassifier = variable.name === classifierWeight || variable.name === classifierBias;
    if (isClassifier && classes !== network.classes) return start;
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
