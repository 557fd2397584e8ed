import { momentumSuffix } from '../checkpoint/write-snapshot.ts';
import type { Network, VariableKind } from '../model/network.ts';
import { fromTorchLayout, toTorchLayout } from '../model/torch-layout.ts';
import type { HostTensor } from '../tensorflow/host-tensor.ts';

/** Tensors of a replica in the layout of a checkpoint, which is torchvision's. */
export function toCheckpointLayout(tensors: readonly HostTensor[], network: Network): HostTensor[] {
  return convert(tensors, network, toTorchLayout);
}

/** Tensors of a checkpoint in the layout of a replica. One that the network does not have stays as it is. */
export function fromCheckpointLayout(tensors: readonly HostTensor[], network: Network): HostTensor[] {
  return convert(tensors, network, fromTorchLayout);
}

function convert(
  tensors: readonly HostTensor[],
  { variables }: Network,
  convertOne: (tensor: HostTensor, kind: VariableKind) => HostTensor,
): HostTensor[] {
  const kinds = new Map(variables.map(({ name, kind }) => [name, kind]));
  return tensors.map((tensor) => {
    // Momentum is laid out as its parameter is.
    const { name } = tensor;
    const kind = kinds.get(name.endsWith(momentumSuffix) ? name.slice(0, -momentumSuffix.length) : name);
    return kind === undefined ? tensor : convertOne(tensor, kind);
  });
}
