import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { smallState } from '../../test/fixtures/small-snapshot.ts';
import { smallSpec } from '../../test/fixtures/small-spec.ts';
import { encodeSafetensors } from '../checkpoint/safetensors.ts';
import { initialValues } from '../model/initializers.ts';
import type { Architecture } from '../model/resnet-plan.ts';
import { resNet } from '../model/resnet.ts';
import type { HostTensor } from '../tensorflow/host-tensor.ts';
import { toCheckpointLayout } from './checkpoint-tensors.ts';
import { hashTensors } from './hash-tensors.ts';
import { readTeacher } from './teacher.ts';

const student = smallSpec().model;
let folder = '';

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'teacher-'));
});
afterAll(() => rm(folder, { recursive: true }));

const valuesOf = (architecture: Architecture): HostTensor[] =>
  initialValues(resNet(architecture), { initializer: 'xavier', zeroGamma: true, seed: 5 });

/** Writes the weights of a network as training saves them. */
async function writeModel(name: string, architecture: Architecture): Promise<string> {
  const tensors = toCheckpointLayout(valuesOf(architecture), resNet(architecture));
  const file = path.join(folder, name);
  await writeFile(file, Buffer.concat(encodeSafetensors(tensors, {})));
  return file;
}

const read = (uri: string, model: Architecture = student) => readTeacher(uri, model, {});

describe('a teacher', () => {
  it.each([
    { depth: 20, variant: 'D' },
    { depth: 14, variant: 'A' },
  ] as const)('of depth $depth and variant $variant is known by its tensors', async ({ depth, variant }) => {
    const architecture: Architecture = { ...student, depth, variant };
    const teacher = await read(await writeModel('alone.safetensors', architecture));
    expect(teacher.network.variables).toEqual(resNet(architecture).variables);
    expect(hashTensors(teacher.values)).toBe(hashTensors(valuesOf(architecture)));
    expect(teacher.hash).toBe(hashTensors(valuesOf(architecture)));
  });

  it('is what the state beside it says, where the tensors leave it open', async () => {
    const spec = smallSpec({ model: { depth: 14, variant: 'C' } });
    await writeModel('model.safetensors', spec.model);
    const state = path.join(folder, 'state.json');
    await writeFile(state, JSON.stringify(smallState(1, { spec })));
    expect((await read(folder)).architecture).toEqual({ ...spec.model, imageSize: student.imageSize });
    await rm(state);
    expect((await read(folder)).architecture.variant).toBe('A');
    await writeFile(state, '{"version": 2}');
    await expect(read(folder)).rejects.toThrow(/state\.json/);
    await rm(state);
  });

  it('must know the same classes and kind of image', async () => {
    const file = await writeModel('other.safetensors', { ...student, classes: 7 });
    await expect(read(file)).rejects.toThrow(
      /has 7 classes and 1 channels, the model 10 and 1; they must be equal/,
    );
  });

  it('must have its classifier', async () => {
    const file = path.join(folder, 'backbone.safetensors');
    const tensors = toCheckpointLayout(valuesOf(student), resNet(student));
    const backbone = tensors.filter(({ name }) => !name.startsWith('fc.'));
    await writeFile(file, Buffer.concat(encodeSafetensors(backbone, {})));
    await expect(read(file)).rejects.toThrow(/has no classifier; export it without --backbone/);
  });

  it('must be a residual network', async () => {
    const file = path.join(folder, 'none.safetensors');
    const tensor = valuesOf(student)[0];
    await writeFile(file, Buffer.concat(encodeSafetensors(tensor === undefined ? [] : [tensor], {})));
    await expect(read(file)).rejects.toThrow(/has not the tensors of a residual network/);
  });
});
