import { describe, expect, it } from 'vitest';
import { resNet } from '../model/resnet.ts';
import { initialValues } from '../model/initializers.ts';
import type { HostTensor } from '../tensorflow/host-tensor.ts';
import { smallSpec } from '../../test/fixtures/small-spec.ts';
import { fromCheckpointLayout, toCheckpointLayout, toCheckpointLayoutInTurns } from './checkpoint-tensors.ts';
import { hashTensors } from './hash-tensors.ts';
import { averageName, momentumName } from './step-settings.ts';

const network = resNet(smallSpec().model);
const draw = (seed: number) => initialValues(network, { initializer: 'xavier', zeroGamma: false, seed });
const renamed = (tensors: readonly HostTensor[], rename: (name: string) => string) =>
  tensors.map((tensor) => ({ ...tensor, name: rename(tensor.name) }));

const weights = draw(1);
const plain = [...weights, ...renamed(draw(2), momentumName)];
const averaged = [...plain, ...renamed(draw(3), averageName)];
const find = (tensors: readonly HostTensor[], name: string) => tensors.find((tensor) => tensor.name === name);

describe('the tensors of a checkpoint', () => {
  it('are those of a replica laid out as in torch', () => {
    const saved = toCheckpointLayout(plain, network);
    expect(find(saved, 'layer2.0.conv1.weight')?.shape).toEqual([32, 16, 3, 3]);
    expect(find(saved, 'layer2.0.conv1.weight.momentum')?.shape).toEqual([32, 16, 3, 3]);
    expect(hashTensors(fromCheckpointLayout(saved, network))).toBe(hashTensors(plain));
  });

  it('have the average under the name of the weights, and the last weights beside the momentum', () => {
    const saved = toCheckpointLayout(averaged, network);
    expect(find(saved, 'fc.bias')?.data).toEqual(find(averaged, 'fc.bias.average')?.data);
    expect(find(saved, 'fc.bias.last')?.data).toEqual(find(averaged, 'fc.bias')?.data);
    expect(saved.some(({ name }) => name.endsWith('.average'))).toBe(false);
    const restored = fromCheckpointLayout(saved, network);
    const byName = (tensors: readonly HostTensor[]) =>
      hashTensors(tensors.toSorted((a, b) => (a.name < b.name ? -1 : 1)));
    expect(byName(restored)).toBe(byName(averaged));
  });

  it('are the same laid out in turns', async () => {
    const inTurns = await toCheckpointLayoutInTurns(averaged, network);
    expect(hashTensors(inTurns)).toBe(hashTensors(toCheckpointLayout(averaged, network)));
  });
});
