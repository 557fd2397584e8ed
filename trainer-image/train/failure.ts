import { isTrainerReason } from '../../operator/api/trainer/termination-message.ts';
import type { TrainerReason } from '../../operator/api/v1alpha1/reasons.ts';
import { describeError, RingmasterError } from '../../operator/base/errors.ts';

/** Why a process of the trainer cannot go on, in the words of the termination message. */
export interface Failure {
  readonly reason: TrainerReason;
  readonly message: string;
  /** Last finished step. */
  readonly step?: number;
}

/**
 * What is to be said of an error. One that is not of this project's own making is a fault of the program, and where
 * it was thrown is then the best that can be said.
 */
export function toFailure(error: unknown, step: number | undefined): Failure {
  const where = step === undefined ? {} : { step };
  if (error instanceof RingmasterError && isTrainerReason(error.reason)) {
    return { reason: error.reason, message: describeError(error), ...where };
  }
  const stack = error instanceof Error ? (error.stack ?? '') : '';
  const place = stack.split('\n').find((line) => /^\s+at /.test(line));
  const message = describeError(error);
  return {
    reason: 'Internal',
    message: place === undefined ? message : `${message} (${place.trim()})`,
    ...where,
  };
}
