import type { ResolvedSpec } from '../../operator/api/v1alpha1/resolved-spec.ts';
import { stateFile } from '../checkpoint/checkpoint-layout.ts';
import { IncompatibleCheckpoint } from '../checkpoint/incompatible-checkpoint.ts';
import { parseJson } from '../checkpoint/manifest.ts';
import { TrainingState } from '../checkpoint/training-state.ts';
import { inferArchitecture } from '../model/infer-architecture.ts';
import type { Network } from '../model/network.ts';
import type { Architecture } from '../model/resnet-plan.ts';
import { resNet } from '../model/resnet.ts';
import { openStorage } from '../storage/open-storage.ts';
import type { StorageAccess } from '../storage/storage-access.ts';
import { zeroTensor, type HostTensor } from '../tensorflow/host-tensor.ts';
import { hashTensors } from './hash-tensors.ts';
import { pretrainedClasses, readPretrained, startFrom } from './pretrained-weights.ts';

/** A trained network to learn from. */
export interface Teacher {
  readonly architecture: Architecture;
  readonly network: Network;
  /** A value of each of its variables, in our layout. */
  readonly values: readonly HostTensor[];
  /** SHA-256 of the values. */
  readonly hash: string;
}

/**
 * The teacher that a spec names, if it names one.
 * @throws as {@link readTeacher} does
 */
export async function teacherOf(
  { model, recipe }: Pick<ResolvedSpec, 'model' | 'recipe'>,
  access: StorageAccess,
): Promise<Teacher | undefined> {
  const { distillation } = recipe;
  return distillation === undefined ? undefined : readTeacher(distillation.teacher, model, access);
}

/**
 * Reads a teacher of any depth and variant. Its architecture is that of the `state.json` beside its weights; without
 * one, that which its tensors show.
 * @param uri a `model.safetensors`, or the step folder that it lies in
 * @param student whose images and classes the teacher has to share
 * @throws IncompatibleCheckpoint if it is no network of ours or has other classes or channels than the student
 */
export async function readTeacher(
  uri: string,
  student: Architecture,
  access: StorageAccess,
): Promise<Teacher> {
  const tensors = await readPretrained(uri, access);
  const isResidual = tensors.some(({ name }) => name.startsWith('layer1.'));
  if (isResidual && pretrainedClasses(tensors) === undefined) {
    throw new IncompatibleCheckpoint(
      `recipe.distillation.teacher ${uri} has no classifier; export it without --backbone`,
    );
  }
  const { imageSize, channels, classes } = student;
  const architecture = (await architectureBeside(uri, access)) ?? inferArchitecture(tensors, imageSize);
  if (architecture === undefined) {
    throw new IncompatibleCheckpoint(
      `recipe.distillation.teacher ${uri} has not the tensors of a residual network with torchvision's names`,
    );
  }
  if (architecture.classes !== classes || architecture.channels !== channels) {
    throw new IncompatibleCheckpoint(
      `recipe.distillation.teacher ${uri} has ${architecture.classes} classes and ${architecture.channels} channels, the model ${classes} and ${channels}; they must be equal`,
    );
  }
  const seen = { ...architecture, imageSize };
  const network = resNet(seen);
  const zeros = network.variables.map(({ name, shape }) => zeroTensor(name, shape));
  const values = startFrom(tensors, network, zeros, uri);
  return { architecture: seen, network, values, hash: hashTensors(values) };
}

async function architectureBeside(uri: string, access: StorageAccess): Promise<Architecture | undefined> {
  const folder = uri.endsWith('.safetensors') ? uri.slice(0, uri.lastIndexOf('/') + 1) : uri;
  const storage = openStorage(folder, access);
  if (!(await storage.exists(stateFile))) return undefined;
  return parseJson(await storage.get(stateFile), `${folder}/${stateFile}`, TrainingState).spec.model;
}
