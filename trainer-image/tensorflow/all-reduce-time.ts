import { dataTypes } from './data-type.ts';
import { attribute, type RecordedNode, type Recording } from './recording.ts';

/** How long the all-reduces of one run of a function took on this rank, by its own clock. */
export interface AllReduceTime {
  /** In which one was under way: from when this rank had its part of the sum until it had the sum. */
  readonly totalMs: number;
  /** The part of it in which this rank had all its parts, and could only wait. All-reduces that the
   * computation waits for, as of synchronised batch normalisation, are not in it. */
  readonly exposedMs: number;
}

/**
 * Has a recording tell how long its all-reduces take: it gets one more output, float64 readings of a clock that
 * {@link allReduceTimeOf} understands. Nothing is computed otherwise; but all-reduces wait until the clock was read
 * before them, and what takes their sums until it was read after them.
 *
 * A rank that is late makes the others wait in their all-reduces, and waits least itself. On a GPU the clock before is
 * read when the kernels that compute this rank's part were queued: what is left of them counts as all-reduce.
 * @param recording its all-reduces follow one another, as recorders make them
 * @returns the recording itself if it reduces nothing
 */
export function timeAllReduces(recording: Recording): Recording {
  const reduces = recording.nodes.filter(isAllReduce);
  const last = reduces.at(-1);
  if (last === undefined) return recording;

  const complete = clock('AllReduce/complete', reduces.flatMap(partOf));
  const reduced = new Set(reduces.map(({ name }) => name));
  const nodes = recording.nodes.flatMap((node): RecordedNode[] => {
    const sums = new Set(node.inputs.map((input) => input.node).filter((name) => reduced.has(name)));
    const after = [...node.after, ...[...sums].map(endOf)];
    if (!isAllReduce(node)) return [{ ...node, after }];
    const begin = clock(beginOf(node.name), [...after, ...partOf(node)]);
    const before = node === last ? [complete, begin] : [begin];
    return [
      ...before,
      { ...node, after: [...after, ...before.map(({ name }) => name)] },
      clock(endOf(node.name), [node.name]),
    ];
  });
  const readings = [complete.name, ...reduces.flatMap(({ name }) => [beginOf(name), endOf(name)])];
  const times = packed('AllReduce/times', readings);
  const outputs = [...recording.outputs, { node: times.name, index: 0 }];
  return { ...recording, nodes: [...nodes, times], outputs };
}

/** @param times what a timed recording returned last, in seconds: all parts complete, then begin and end of each */
export function allReduceTimeOf(times: ArrayLike<number>): AllReduceTime {
  const [complete = NaN, ...readings] = Array.from(times);
  const end = readings.at(-1) ?? complete;
  // Each begin counts off, each end on.
  const seconds = readings.reduce((sum, reading, index) => sum + (index % 2 === 0 ? -reading : reading), 0);
  // The clock is that of the day, which may be set back.
  const totalMs = Math.max(0, 1000 * seconds);
  // A part, although one clock is read a little before the other.
  const exposedMs = Math.min(totalMs, Math.max(0, 1000 * (end - complete)));
  return { totalMs, exposedMs };
}

function isAllReduce({ op }: RecordedNode): boolean {
  return op === 'CollectiveReduceV2';
}

/** The node that computes what an all-reduce adds up; its other inputs are keys. */
function partOf({ inputs: [part] }: RecordedNode): string[] {
  return part === undefined ? [] : [part.node];
}

function clock(name: string, after: readonly string[]): RecordedNode {
  const outputs = [{ dataType: dataTypes.float64, shape: [] }];
  return { name, op: 'Timestamp', inputs: [], after, attributes: {}, outputs };
}

/** One vector of clock readings. */
function packed(name: string, readings: readonly string[]): RecordedNode {
  return {
    ...{ name, op: 'Pack', after: [], inputs: readings.map((node) => ({ node, index: 0 })) },
    attributes: {
      T: attribute.type(dataTypes.float64),
      N: attribute.int(readings.length),
      axis: attribute.int(0),
    },
    outputs: [{ dataType: dataTypes.float64, shape: [readings.length] }],
  };
}

function beginOf(allReduce: string): string {
  return `${allReduce}/begin`;
}

function endOf(allReduce: string): string {
  return `${allReduce}/end`;
}
