import type { TrainerReason } from '../v1alpha1/reasons.ts';

/**
 * Exit codes of a trainer, each a class of failure. 64 to 78 follow sysexits.h (EX_USAGE, EX_DATAERR,
 * EX_UNAVAILABLE, EX_SOFTWARE, EX_TEMPFAIL); 128 + n is death by signal n, as shells and the kubelet report it.
 */
export const exitCodes = {
  success: 0,
  invalidRecipe: 64,
  invalidData: 65,
  diverged: 66,
  dataUnavailable: 69,
  internal: 70,
  checkpointFailed: 74,
  peerLost: 75,
  terminated: 143,
} as const;

const exitCodeByReason: Readonly<Record<TrainerReason, number>> = {
  Completed: exitCodes.success,
  InvalidRecipe: exitCodes.invalidRecipe,
  IncompatibleCheckpoint: exitCodes.invalidRecipe,
  InvalidData: exitCodes.invalidData,
  DataUnavailable: exitCodes.dataUnavailable,
  Diverged: exitCodes.diverged,
  ReplicasDiverged: exitCodes.internal,
  Internal: exitCodes.internal,
  CheckpointFailed: exitCodes.checkpointFailed,
  PeerLost: exitCodes.peerLost,
  RankKilled: exitCodes.peerLost,
  Fenced: exitCodes.peerLost,
  RendezvousTimeout: exitCodes.peerLost,
  Terminated: exitCodes.terminated,
};

/** The exit code that goes with a reason. */
export function exitCodeOf(reason: TrainerReason): number {
  return exitCodeByReason[reason];
}
