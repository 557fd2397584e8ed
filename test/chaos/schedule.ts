import {
  apiServerAway,
  deletePod,
  evictPod,
  killOperator,
  killRank,
  killSupervisor,
  loseNode,
  restartAgent,
  storageAway,
  suspendAndResume,
  terminatePod,
  type Fault,
} from '../cluster-system/faults.ts';

/** Every way to disturb a run, by the name that reports give it. */
const faults: Readonly<Record<string, Fault>> = {
  'rank killed': killRank,
  'container killed': killSupervisor,
  'told to stop': terminatePod,
  'pod deleted': deletePod,
  'pod evicted': evictPod,
  'node agent restarted': restartAgent,
  'node gone': async (system, run, pick) => {
    await loseNode(system, run, pick);
    for (const node of system.nodes) await node.start();
  },
  'operator killed': killOperator,
  'API server away': apiServerAway,
  'object storage away': storageAway,
  'suspended and resumed': suspendAndResume,
};

/** One fault of a schedule, and when it strikes. */
export interface Strike {
  readonly kind: string;
  readonly fault: Fault;
  /** Steps that must have been trained since the fault before was over. */
  readonly afterSteps: number;
  /** A further wait, so that a fault may also meet a gang that starts or saves. */
  readonly afterMs: number;
}

/** Numbers in [0, 1) that follow from a seed (mulberry32, a generator of 32 bits of state). */
export function seededRandom(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let bits = Math.imul(state ^ (state >>> 15), 1 | state);
    bits = (bits + Math.imul(bits ^ (bits >>> 7), 61 | bits)) ^ bits;
    return ((bits ^ (bits >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Faults in an order that follows from the numbers alone; each kind comes before any comes again. */
export function planStrikes(count: number, random: () => number): Strike[] {
  const kinds: string[] = [];
  while (kinds.length < count) kinds.push(...shuffled(Object.keys(faults), random));
  return kinds.slice(0, count).flatMap((kind) => {
    const fault = faults[kind];
    // A third strikes whatever the gang does just then.
    const isBlind = random() < 1 / 3;
    const afterSteps = isBlind ? 0 : 1 + Math.floor(random() * 30);
    const afterMs = Math.floor(random() * (isBlind ? 3000 : 300));
    return fault === undefined ? [] : [{ kind, fault, afterSteps, afterMs }];
  });
}

function shuffled<T>(from: readonly T[], random: () => number): T[] {
  return from
    .map((value) => ({ value, place: random() }))
    .sort((a, b) => a.place - b.place)
    .map(({ value }) => value);
}
