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
