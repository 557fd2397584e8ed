import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isObject } from '../../operator/api/v1alpha1/wire-guards.ts';
import { until } from '../control-plane/until.ts';
import { namespace, type ClusterSystem } from './world.ts';

/** What the trainers of one attempt wrote. */
export interface AttemptLog {
  readonly attempt: number;
  /** Finished steps when rank 0 began; absent when it never did. */
  readonly fromStep?: number;
  /** Steps that rank 0 finished, in order. */
  readonly steps: readonly number[];
  /** Steps of the checkpoints that were committed, in order. */
  readonly saved: readonly number[];
  /** Reason with which pod 0 ended; absent while it runs, and when it was killed. */
  readonly ending?: string;
}

/** What was found so far. */
interface Collected {
  readonly attempt: number;
  fromStep?: number;
  readonly steps: number[];
  readonly saved: number[];
  ending?: string;
}

/** The trainers' logs of a run, by attempt, as the nodes keep them. */
export function attemptLogs({ nodes }: Pick<ClusterSystem, 'nodes'>, run: string): AttemptLog[] {
  const logs = new Map<number, Collected>();
  for (const line of nodes.flatMap(({ folder }) => linesOf(join(folder, 'logs', namespace, run)))) {
    if (typeof line.attempt !== 'number') continue;
    const log: Collected = logs.get(line.attempt) ?? { attempt: line.attempt, steps: [], saved: [] };
    logs.set(line.attempt, log);
    if (typeof line.reason === 'string') log.ending = line.reason;
    if (typeof line.step !== 'number') continue;
    if (line.msg === 'a step is finished') log.steps.push(line.step);
    else if (line.msg === 'a checkpoint is saved') log.saved.push(line.step);
    else if (line.msg === 'training starts' || line.msg === 'training continues') log.fromStep = line.step;
  }
  return [...logs.values()].sort((a, b) => a.attempt - b.attempt);
}

/** Waits until a checkpoint of a step or a later one is committed. */
export async function hasSaved(system: ClusterSystem, run: string, step: number): Promise<void> {
  await until(
    `run ${run} has saved step ${step}`,
    () => (attemptLogs(system, run).some(({ saved }) => (saved.at(-1) ?? 0) >= step) ? true : undefined),
    { timeoutMs: 180_000 },
  );
}

function linesOf(folder: string): Record<string, unknown>[] {
  let files: string[];
  try {
    // Pod 0 speaks for all.
    files = readdirSync(folder).filter((file) => file.endsWith('-0.log'));
  } catch {
    return []; // No pod of the run was ever here.
  }
  return files.flatMap((file) =>
    readFileSync(join(folder, file), 'utf8')
      .split('\n')
      .flatMap((line) => parseLine(line)),
  );
}

/** The last line may be half written. */
function parseLine(line: string): Record<string, unknown>[] {
  try {
    const value: unknown = JSON.parse(line);
    return isObject(value) ? [value] : [];
  } catch {
    return [];
  }
}
