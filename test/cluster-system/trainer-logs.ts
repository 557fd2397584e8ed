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
}

/** The trainers' logs of a run, by attempt, as the nodes keep them. */
export function attemptLogs({ nodes }: Pick<ClusterSystem, 'nodes'>, run: string): AttemptLog[] {
  const logs = new Map<number, { attempt: number; fromStep?: number; steps: number[]; saved: number[] }>();
  for (const line of nodes.flatMap(({ folder }) => linesOf(join(folder, 'logs', namespace, run)))) {
    if (typeof line.attempt !== 'number' || typeof line.step !== 'number') continue;
    const log = logs.get(line.attempt) ?? { attempt: line.attempt, steps: [], saved: [] };
    logs.set(line.attempt, log);
    if (line.msg === 'a step is finished') log.steps.push(line.step);
    else if (line.msg === 'a checkpoint is saved') log.saved.push(line.step);
    else if (line.msg === 'training starts' || line.msg === 'training continues') log.fromStep = line.step;
  }
  return [...logs.values()].sort((a, b) => a.attempt - b.attempt);
}

/** Waits until a run has trained so many steps, whichever attempt did. */
export async function hasTrained(system: ClusterSystem, run: string, step: number): Promise<void> {
  await until(
    `run ${run} has trained step ${step}`,
    () => (attemptLogs(system, run).some(({ steps }) => (steps.at(-1) ?? 0) >= step) ? true : undefined),
    { timeoutMs: 120_000 },
  );
}

/** Waits until a checkpoint of a step or a later one is committed. */
export async function hasSaved(system: ClusterSystem, run: string, step: number): Promise<void> {
  await until(
    `run ${run} has saved step ${step}`,
    () => (attemptLogs(system, run).some(({ saved }) => (saved.at(-1) ?? 0) >= step) ? true : undefined),
    { timeoutMs: 120_000 },
  );
}

function linesOf(folder: string): Record<string, unknown>[] {
  let files: string[];
  try {
    files = readdirSync(folder).sort();
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
