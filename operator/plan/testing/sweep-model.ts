import { toTimestamp } from '../../base/clock.ts';
import type { TrainingRunStatus } from '../../api/v1alpha1/status.ts';
import type { TrainingRun } from '../../api/v1alpha1/training-run.ts';
import type { TrainingSweep } from '../../api/v1alpha1/training-sweep.ts';
import type { TrainingSweepStatus, TrialRow } from '../../api/v1alpha1/training-sweep-status.ts';
import { validateTrainingSweep } from '../../api/v1alpha1/training-sweep-validate.ts';
import { epochsOf } from '../../search/trials.ts';
import { planSweep, type SweepAction, type SweepPlan } from '../sweep-plan.ts';
import { startMs } from './fixtures.ts';

/** How a trial goes: its top-1 after an epoch, `undefined` where the evaluation fails. */
export type Course = (run: TrainingRun, epoch: number) => number | undefined;

/** Better the nearer the learning rate is to 0.1, and with every epoch. */
export const byRate: Course = ({ spec }, epoch) => {
  const rate = spec.recipe.learningRate?.base ?? 1;
  return Number((0.9 - 0.1 * Math.abs(Math.log10(rate / 0.1)) - 0.2 / epoch).toFixed(4));
};

/** A sweep, its runs, and a machine of so many GPUs that trains them an epoch at a time, in memory. */
export class SweepModel {
  sweep: TrainingSweep;
  nowMs = startMs;
  /** Trials that can run at a time. */
  capacity = Infinity;
  /** What the others say meanwhile. */
  waiting: Pick<TrainingRunStatus, 'phase' | 'conditions'> = { phase: 'Starting' };
  /** Runs that fail in their next epoch. */
  readonly failing = new Set<string>();
  /** Names of the runs that were made, in order. */
  readonly created: string[] = [];
  readonly #runs = new Map<string, TrainingRun>();
  readonly #course: Course;

  constructor(manifest: object, course: Course = () => 0.5) {
    this.sweep = sweepOf(manifest);
    this.#course = course;
  }

  get status(): TrainingSweepStatus {
    return this.sweep.status ?? {};
  }

  get rows(): readonly TrialRow[] {
    return this.status.trials ?? [];
  }

  get runs(): readonly TrainingRun[] {
    return [...this.#runs.values()];
  }

  run(index: number): TrainingRun | undefined {
    return this.#runs.get(`${this.sweep.metadata.name}-${index}`);
  }

  /** Changes the spec as a user does, if the API lets it. */
  change(spec: object): void {
    const { metadata, spec: old, status, apiVersion, kind } = this.sweep;
    const changed = sweepOf({ apiVersion, kind, metadata, spec: { ...old, ...spec } }, this.sweep);
    this.sweep = status === undefined ? changed : { ...changed, status };
  }

  /** What the operator of runs says of a trial. */
  report(index: number, status: TrainingRunStatus): void {
    const run = this.run(index);
    if (run !== undefined) this.#set(run, { ...run.status, ...status });
  }

  /** Forgets the run of a trial, as somebody who tidies up does. */
  remove(index: number): void {
    this.#runs.delete(`${this.sweep.metadata.name}-${index}`);
  }

  /**
   * Plans and carries it out.
   * @param survives whether the operator lives to carry out an action; the status it has written then
   */
  act(survives: (action: number) => boolean = () => true): SweepPlan {
    const plan = planSweep({ sweep: this.sweep, runs: this.runs, nowMs: this.nowMs });
    this.sweep = { ...this.sweep, status: JSON.parse(JSON.stringify(plan.status)) as TrainingSweepStatus };
    for (const [index, action] of plan.actions.entries()) {
      if (!survives(index)) break;
      this.#carryOut(action);
    }
    return plan;
  }

  /** Lets time pass in which every trial that runs trains an epoch. */
  trainEpoch(durationMs = 60_000): void {
    this.nowMs += durationMs;
    const running = this.runs.filter(({ spec, status }) => !spec.suspend && !isFinal(status));
    for (const [place, run] of running.entries()) this.#set(run, this.#next(run, place < this.capacity));
    for (const run of this.runs) {
      if (run.spec.suspend && !isFinal(run.status))
        this.#set(run, { ...withoutClock(run.status), phase: 'Suspended' });
    }
  }

  /** Plans and trains until the sweep has finished. */
  finish(maxRounds = 2000): void {
    for (let round = 0; round < maxRounds; round += 1) {
      this.act();
      if (this.status.phase === 'Succeeded' || this.status.phase === 'Failed') return;
      this.trainEpoch();
    }
    throw new Error(`the sweep did not finish: ${JSON.stringify(this.status)}`);
  }

  #next(run: TrainingRun, hasRoom: boolean): TrainingRunStatus {
    const before = run.status ?? {};
    if (!hasRoom && before.phase !== 'Running') return { ...withoutClock(before), ...this.waiting };
    if (this.failing.delete(run.metadata.name)) return { ...withoutClock(before), phase: 'Failed' };
    const epochs = epochsOf(run);
    const epoch = (before.progress?.epoch ?? 0) + 1;
    const top1 = this.#course(run, epoch);
    const progress = {
      epoch,
      epochs,
      step: epoch,
      steps: epochs,
      percent: Math.floor((100 * epoch) / epochs),
      updatedAt: toTimestamp(this.nowMs),
      ...(top1 === undefined ? {} : { validation: { epoch, top1, top5: top1, loss: 1 - top1 } }),
    };
    const activeSeconds = (before.activeSeconds ?? 0) + 60;
    return {
      ...before,
      activeSeconds,
      phase: epoch >= epochs ? 'Succeeded' : 'Running',
      progress: { ...progress },
    };
  }

  #set(run: TrainingRun, status: TrainingRunStatus): void {
    this.#runs.set(run.metadata.name, { ...run, status });
  }

  #carryOut(action: SweepAction): void {
    if (action.type === 'createTrial') {
      const { name } = action.run.metadata;
      if (this.#runs.has(name)) throw new Error(`${name} is made while it exists`);
      this.created.push(name);
      this.#runs.set(name, { ...action.run, metadata: { ...action.run.metadata, uid: `${name}-uid` } });
    } else if (action.type === 'suspendTrial') {
      const run = this.#runs.get(action.name);
      if (run?.metadata.uid !== action.uid) throw new Error(`${action.name} is not there`);
      this.#runs.set(action.name, { ...run, spec: { ...run.spec, suspend: action.suspend } });
    }
  }
}

function isFinal(status: TrainingRunStatus | undefined): boolean {
  return status?.phase === 'Succeeded' || status?.phase === 'Failed';
}

function withoutClock(status: TrainingRunStatus = {}): TrainingRunStatus {
  const rest = { ...status };
  delete rest.activeSince;
  return rest;
}

function sweepOf(manifest: object, old?: TrainingSweep): TrainingSweep {
  const validation = validateTrainingSweep(JSON.parse(JSON.stringify(manifest)), old);
  if (!validation.ok) throw new Error(JSON.stringify(validation.problems));
  const { sweep } = validation;
  return { ...sweep, metadata: { ...sweep.metadata, uid: 'sweep-uid', generation: 1 } };
}
