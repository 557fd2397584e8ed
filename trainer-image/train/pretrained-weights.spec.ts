import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { smallSpec } from '../../test/fixtures/small-spec.ts';
import { encodeSafetensors } from '../checkpoint/safetensors.ts';
import { initialValues } from '../model/initializers.ts';
import { resNet } from '../model/resnet.ts';
import { float32Tensor, type HostTensor } from '../tensorflow/host-tensor.ts';
import { toCheckpointLayout } from './checkpoint-tensors.ts';
import { readPretrained, startFrom } from './pretrained-weights.ts';

const networkOf = (classes: number) => resNet(smallSpec({ model: { classes } }).model);
const valuesOf = (network: ReturnType<typeof networkOf>, seed: number) =>
  initialValues(network, { initializer: 'xavier', zeroGamma: true, seed });
const network = networkOf(10);
const initial = valuesOf(network, 0);
const trained = valuesOf(network, 1);
const file = toCheckpointLayout(trained, network);
const replace = (tensor: HostTensor) => file.map((each) => (each.name === tensor.name ? tensor : each));

describe('pretrained weights', () => {
  it('are what training starts from', () => {
    expect(startFrom(file, network, initial, 'model')).toEqual(trained);
  });

  it("may bring torch's count of batches along", () => {
    const count: HostTensor = {
      name: 'bn1.num_batches_tracked',
      dtype: 'int64',
      shape: [],
      data: new Uint8Array(8),
    };
    expect(startFrom([...file, count], network, initial, 'model')).toEqual(trained);
  });

  it('leave a classifier of another number of classes at its initial values', () => {
    const other = networkOf(7);
    const otherInitial = valuesOf(other, 0);
    const values = startFrom(file, other, otherInitial, 'model');
    expect(values.filter((tensor) => otherInitial.includes(tensor)).map(({ name }) => name)).toEqual([
      'fc.weight',
      'fc.bias',
    ]);
    expect(values.slice(0, -2)).toEqual(trained.slice(0, -2));
  });

  it('leave a classifier that they lack at its initial values', () => {
    const backbone = file.filter(({ name }) => !name.startsWith('fc.'));
    const values = startFrom(backbone, network, initial, 'model');
    expect(values).toEqual([...trained.slice(0, -2), ...initial.slice(-2)]);
  });

  it.each<[string, HostTensor[], string]>([
    [
      'is missing',
      file.filter(({ name }) => name !== 'layer2.0.conv1.weight'),
      'it lacks layer2.0.conv1.weight',
    ],
    [
      'is too many',
      [...file, float32Tensor('head.weight', [1], [0])],
      'it has head.weight, which the model has not',
    ],
    [
      'has another shape',
      replace(float32Tensor('bn1.weight', [3], [1, 2, 3])),
      'bn1.weight has shape [3], which is not that of the model',
    ],
    [
      'has other dimensions',
      replace(float32Tensor('conv1.weight', [2], [1, 2])),
      'conv1.weight has shape [2], which is not that of the model',
    ],
    [
      'has another type',
      replace({ name: 'bn1.weight', dtype: 'float16', shape: [16], data: new Uint8Array(32) }),
      'bn1.weight holds float16, not float32',
    ],
    [
      'is a classifier of other features',
      replace(float32Tensor('fc.weight', [10, 3], new Float32Array(30))),
      'fc.weight has shape [10, 3], which is not that of the model',
    ],
  ])('are refused by the name of the tensor that %s', (_, tensors, message) => {
    expect(() => startFrom(tensors, network, initial, '/m.safetensors')).toThrow(
      expect.objectContaining({
        reason: 'IncompatibleCheckpoint',
        message: expect.stringContaining(`/m.safetensors does not fit the model: ${message}`) as string,
      }),
    );
  });

  it('are read from a file or from the folder of a checkpoint', async () => {
    const folder = await mkdtemp(path.join(tmpdir(), 'ringmaster-pretrained-'));
    try {
      const model = path.join(folder, 'model.safetensors');
      await writeFile(model, encodeSafetensors(file, {}));
      for (const uri of [model, folder, `file://${folder}/`]) {
        expect((await readPretrained(uri, {})).map(({ name }) => name)).toEqual(file.map(({ name }) => name));
      }
      await expect(readPretrained(path.join(folder, 'no.safetensors'), {})).rejects.toMatchObject({
        reason: 'CheckpointFailed',
      });
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});
