/**
 * Every reason word that can reach a user, in conditions, events, `lastFailure` and termination messages.
 * Words are stable across releases; rules in `spec.failurePolicy.rules` match on them.
 */

/** Why a trainer ended, as it says itself in its termination message. */
export const trainerReasons = {
  Completed: 'All epochs are trained and the result is saved.',
  InvalidRecipe: 'The recipe or model cannot be trained as written. Change the manifest.',
  InvalidData: 'The data is missing, truncated, of the wrong digest or wrongly labelled. Repair it.',
  DataUnavailable: 'The data cannot be read now: its storage does not answer, or breaks off.',
  Diverged: 'The loss became NaN, infinite or exploded. Lower the learning rate or lengthen the warm-up.',
  ReplicasDiverged: 'Two ranks hold different weights: a fault of hardware or of this program.',
  IncompatibleCheckpoint: 'The checkpoint to continue from belongs to another model, recipe or data set.',
  CheckpointFailed: 'A checkpoint could not be written: storage is full, refused or unreachable.',
  PeerLost: 'Another rank ended or could not be reached, so this one could not go on.',
  RankKilled: 'A rank was ended by a signal that nobody here sent, often the out-of-memory killer.',
  Fenced: 'A newer attempt of the same run exists, so this one may neither train nor save.',
  RendezvousTimeout: 'Not all ranks met in time.',
  Terminated: 'The trainer was told to stop and did.',
  Internal: 'A fault of the trainer itself.',
} as const;
export type TrainerReason = keyof typeof trainerReasons;

/** Why a pod ended, as the operator infers it from the pod and its node. */
export const podReasons = {
  Evicted: 'The node needed its resources back.',
  Preempted: 'A pod of higher priority took its place.',
  NodeLost: 'The node stopped answering.',
  PodDeleted: 'Somebody deleted the pod.',
  OutOfMemory: 'The container used more memory than its limit.',
  Signalled: 'The container was ended by a signal.',
  ExitCode: 'The container ended with an exit code that has no meaning of its own.',
  StartTimeout: 'Not all pods were running within spec.failurePolicy.startTimeout.',
  SpecChanged: 'The spec was changed while the gang was being made; all pods of a gang are made from one.',
  Hung: 'No training step was finished within spec.failurePolicy.hangTimeout.',
} as const;
export type PodReason = keyof typeof podReasons;

/** Why the node agent of `ringmaster run` could not start a container or a command could not start at all. */
export const localReasons = {
  StateLocked: 'Another process works in the state folder.',
  ErrImageNeverPull: 'The node agent knows no program for the image.',
  CreateContainerConfigError: "The container's environment or arguments cannot be made.",
  StartError: 'The program could not be started.',
} as const;
export type LocalReason = keyof typeof localReasons;

/** Reasons of conditions and events of a run. */
export const runReasons = {
  Succeeded: 'Training finished.',
  InvalidSpec: 'The stored object does not satisfy this version of the API.',
  WaitsForAdmission: 'The run waits in its queue until Kueue admits it.',
  KueueNotServed: 'The run names a queue, but the cluster has no Kueue that this release can speak with.',
  QueueEvicted: 'Kueue took the place of the run back; it goes on when it is admitted again.',
  Admitted: 'Kueue admitted the run.',
  PlacementConflict: 'Kueue asks for pods that the spec rules out.',
  PodGroupServed: 'The scheduler places all pods of the gang, or none.',
  PodGroupsNotServed:
    'The cluster serves no PodGroups; spec.failurePolicy.startTimeout gives back a half-placed gang.',
  MaxRestartsReached: 'Charged restarts exceeded spec.failurePolicy.maxRestarts.',
  FailedByRule: 'A rule of spec.failurePolicy.rules said Fail.',
  PermanentFailure: 'The failure would happen again on every restart.',
  DeadlineExceeded: 'spec.activeDeadline passed.',
  GangStarting: 'The pods of the attempt are being made.',
  TrainersRunning: 'All pods of the gang are running.',
  RestartScheduled: 'A new attempt starts after the backoff.',
  Suspending: 'Pods are saving their last checkpoint and ending.',
  Suspended: 'spec.suspend is true; no pod runs.',
  Resumed: 'spec.suspend is false again.',
  CheckpointSaved: 'A checkpoint was committed.',
  CheckpointSkipped: 'A newer checkpoint was damaged or unfinished, so training continued from an older one.',
  NotStarted: 'The run has not been started.',
  PodCreated: 'A pod was created.',
  PodDeleted: 'A pod was deleted.',
  QuotaExceeded:
    'A ResourceQuota of the namespace has no room for the pods; they are made when others are gone, or when it is raised.',
  CreationFailed: 'A pod, or another object of the run, could not be created; it is tried again.',
  Expired: 'spec.ttlAfterFinished passed; the run is deleted.',
} as const;
export type RunReason = keyof typeof runReasons;

/** Why a trial is paused, stopped or failed, besides the reasons of its run. Words are stable across releases. */
export const trialReasons = {
  Suspended: 'spec.suspend of the sweep is true.',
  Shrunk: 'The sweep runs fewer trials at a time now; this one was the least promising, or still waited.',
  NotPromoted: 'It was not among the best at its rung; it goes on when enough worse ones have come.',
  BelowMedian: 'At a milestone it was worse than the median of the others.',
  Budget: 'The budget of the sweep is used up.',
  GoalReached: 'Another trial is as good as spec.objective.goal asks for.',
  SweepFailed: 'The sweep failed.',
  InvalidTrial: 'The values of its parameters do not go together, so that there is no such run.',
  NoMetric: 'Its run ended without an evaluation.',
  RunFailed: 'Its run failed and did not say why.',
} as const;
export type TrialReason = keyof typeof trialReasons;

/** Reasons of conditions and events of a sweep. */
export const sweepReasons = {
  TrialsRunning: 'Trials run, or are about to.',
  AllTrialsDone: 'There is nothing left to try.',
  GoalReached: 'A trial is as good as spec.objective.goal asks for.',
  BudgetUsedUp: 'spec.budget is used up; widen it to go on.',
  NoTrialSucceeded: 'The sweep ended and no trial trained to its end.',
  TooManyFailedTrials: 'More trials failed than spec.maxFailedTrials.',
  InvalidSpec: 'The stored object does not satisfy this version of the API.',
  Suspending: 'Trials are saving their last checkpoint and ending.',
  Suspended: 'spec.suspend is true; no trial runs.',
  CreationFailed: 'The run of a trial could not be created; it is tried again.',
  Expired: 'spec.ttlAfterFinished passed; the sweep and its trials are deleted.',
} as const;
export type SweepReason = keyof typeof sweepReasons;
