/** API group, version and kinds. */
export const group = 'ringmaster.dev';
export const version = 'v1alpha1';
export const apiVersion = `${group}/${version}`;
export const trainingRunKind = 'TrainingRun';
export const trainingSweepKind = 'TrainingSweep';

/** The value of `spec.managedBy` that this operator acts on; any other value belongs to somebody else. */
export const operatorName = 'ringmaster.dev/operator';

/** Labels on everything that a run owns. */
export const labels = {
  /** Name of the run. */
  run: 'ringmaster.dev/run',
  /** UID of the run, so that a run made again under the same name never takes the other's pods. */
  runUid: 'ringmaster.dev/run-uid',
  /** Attempt number, from 1. */
  attempt: 'ringmaster.dev/attempt',
  /** Index of the pod in its gang, from 0. */
  podIndex: 'ringmaster.dev/pod-index',
  /** Name of the sweep that a run is a trial of. */
  sweep: 'ringmaster.dev/sweep',
  /** UID of that sweep. */
  sweepUid: 'ringmaster.dev/sweep-uid',
  /** Index of the trial in its sweep, from 0. */
  trial: 'ringmaster.dev/trial',
  managedBy: 'app.kubernetes.io/managed-by',
  component: 'app.kubernetes.io/component',
} as const;

export const managedByValue = 'ringmaster';
export const trainerComponent = 'trainer';

/** Name of the container that runs the trainer. */
export const trainerContainer = 'trainer';
