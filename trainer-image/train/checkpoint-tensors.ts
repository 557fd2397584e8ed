import { setImmediate } from 'node:timers/promises';
import { lastSuffix, momentumSuffix } from '../checkpoint/write-snapshot.ts';
import type { Network, VariableKind } from '../model/network.ts';
import { fromTorchLayout, toTorchLayout } from '../model/torch-layout.ts';
import type { HostTensor } from '../tensorflow/host-tensor.ts';
import { averageName } from './step-settings.ts';

/*
 * In a checkpoint the weights under a variable's plain name are those to use. Where averages are kept, that is the
 * average, and the last weights, with which training goes on, lie beside the momentum with the ending `.last`.
 */

const averageSuffix = averageName('');

/** Tensors of a replica in the layout of a checkpoint, which is torchvision's. */
export function toCheckpointLayout(tensors: readonly HostTensor[], network: Network): HostTensor[] {
  return underNamesOfUse(tensors.map(converter(network, toTorchLayout)));
}

/**
 * As {@link toCheckpointLayout}, one tensor a turn of the event loop: all of a ResNet-50 at once would keep the next
 * steps from starting for a quarter of a second.
 */
export async function toCheckpointLayoutInTurns(
  tensors: readonly HostTensor[],
  network: Network,
): Promise<HostTensor[]> {
  const convert = converter(network, toTorchLayout);
  const laidOut: HostTensor[] = [];
  for (const tensor of tensors) {
    laidOut.push(convert(tensor));
    await setImmediate();
  }
  return underNamesOfUse(laidOut);
}

/** Names the averages, where there are any, as the weights to use. */
function underNamesOfUse(laidOut: HostTensor[]): HostTensor[] {
  if (!laidOut.some(({ name }) => name.endsWith(averageSuffix))) return laidOut;
  return laidOut.map((tensor) => {
    const { name } = tensor;
    if (name.endsWith(averageSuffix)) return { ...tensor, name: name.slice(0, -averageSuffix.length) };
    return name.endsWith(momentumSuffix) ? tensor : { ...tensor, name: `${name}${lastSuffix}` };
  });
}

/** Tensors of a checkpoint in the layout of a replica. One that the network does not have stays as it is. */
export function fromCheckpointLayout(tensors: readonly HostTensor[], network: Network): HostTensor[] {
  const laidOut = tensors.map(converter(network, fromTorchLayout));
  if (!laidOut.some(({ name }) => name.endsWith(lastSuffix))) return laidOut;
  return laidOut.map((tensor) => {
    const { name } = tensor;
    if (name.endsWith(lastSuffix)) return { ...tensor, name: name.slice(0, -lastSuffix.length) };
    return name.endsWith(momentumSuffix) ? tensor : { ...tensor, name: averageName(name) };
  });
}

function converter(
  { variables }: Network,
  convertOne: (tensor: HostTensor, kind: VariableKind) => HostTensor,
): (tensor: HostTensor) => HostTensor {
  const kinds = new Map(variables.map(({ name, kind }) => [name, kind]));
  return (tensor) => {
    // What is remembered of a parameter is laid out as the parameter is.
    const { name } = tensor;
    const suffix = [momentumSuffix, lastSuffix, averageSuffix].find((each) => name.endsWith(each)) ?? '';
    const kind = kinds.get(name.slice(0, name.length - suffix.length));
    return kind === undefined ? tensor : convertOne(tensor, kind);
  };
}
