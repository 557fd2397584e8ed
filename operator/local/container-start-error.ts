import type { LocalReason } from '../api/v1alpha1/reasons.ts';
import { RingmasterError } from '../base/errors.ts';

/** Why a container never ran, in the kubelet's words. */
export type ContainerStartReason = Exclude<LocalReason, 'StateLocked'>;

/** A container could not be started. */
export class ContainerStartError extends RingmasterError {
  declare readonly reason: ContainerStartReason;

  constructor(reason: ContainerStartReason, message: string, cause?: unknown) {
    super(reason, message, cause === undefined ? undefined : { cause });
  }
}
