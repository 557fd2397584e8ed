import { dataTypes, hostDataType, type DataType } from './data-type.ts';
import { estimateMemory } from './estimate-memory.ts';
import { bytesPerElement, elementCount } from './host-tensor.ts';
import type { RecordedNode, Recording } from './recording.ts';

/** Words for a type, in the order in which a summary has them. */
const typeNames: ReadonlyMap<DataType, string> = new Map(
  Object.entries(dataTypes).map(([name, dataType]) => [dataType, name]),
);

/** A recording for people: one line for each node, then how many of each operation there are in which type. */
export function describeRecording(recording: Recording): string[] {
  const nodes = recording.nodes.map(
    (node) => `${node.name} = ${node.op}(${node.inputs.map(reference).join(', ')})${results(node)}`,
  );
  return [...nodes, '', ...summarizeRecording(recording)];
}

/** How many of each operation there are in which type, most frequent first, how many casts between types,
 * how much is reduced over all ranks, and how much memory it takes. */
export function summarizeRecording(recording: Recording): string[] {
  const { nodes } = recording;
  const counts = new Map<string, number>();
  for (const node of nodes) {
    const kind = `${node.op} ${typeNames.get(typeOf(node)) ?? ''}`.trim();
    counts.set(kind, (counts.get(kind) ?? 0) + 1);
  }
  const casts = nodes.filter(
    ({ op, attributes: { SrcT, DstT } }) => op === 'Cast' && SrcT?.value !== DstT?.value,
  );
  return [
    ...[...counts]
      .sort(([a, most], [b, least]) => least - most || a.localeCompare(b))
      .map(([kind, count]) => `${String(count).padStart(6)}  ${kind}`),
    `${nodes.length} nodes, ${casts.length} casts between types`,
    summarizeMemory(recording),
    ...summarizeAllReduces(nodes),
  ];
}

function summarizeMemory(recording: Recording): string {
  const { variableBytes, intermediateBytes } = estimateMemory(recording);
  const mib = (bytes: number) => `${(bytes / 2 ** 20).toFixed(0)} MiB`;
  return `memory, estimated: ${mib(variableBytes)} of variables, at most ${mib(intermediateBytes)} besides`;
}

/** What each rank sends into all-reduces; nothing in a world of one. */
function summarizeAllReduces(nodes: readonly RecordedNode[]): string[] {
  const sums = nodes.filter(({ op }) => op === 'CollectiveReduceV2').flatMap(({ outputs }) => outputs);
  const bytes = sums.reduce(
    (total, { dataType, shape }) => total + elementCount(shape) * bytesPerElement[hostDataType(dataType)],
    0,
  );
  const size = `${(bytes / 1e6).toFixed(1)} MB`;
  if (sums.length === 0) return [];
  return [sums.length === 1 ? `1 all-reduce of ${size}` : `${sums.length} all-reduces of ${size} in all`];
}

function typeOf({ attributes: { T, dtype, DstT } }: RecordedNode): DataType {
  const value = T ?? dtype ?? DstT;
  return value?.kind === 'type' ? value.value : 0;
}

function reference({ node, index }: { node: string; index: number }): string {
  return index === 0 ? node : `${node}:${index}`;
}

function results({ outputs }: RecordedNode): string {
  if (outputs.length === 0) return '';
  const specs = outputs.map(
    ({ dataType, shape }) => `${typeNames.get(dataType) ?? `type ${dataType}`}[${shape.join(', ')}]`,
  );
  return ` : ${specs.join(', ')}`;
}
