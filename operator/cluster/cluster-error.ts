import { RingmasterError } from '../base/errors.ts';

/** Why the API refused, in the words of Kubernetes' own `Status.reason`. */
export type ClusterErrorReason =
  | 'NotFound'
  | 'AlreadyExists'
  | 'Conflict'
  | 'Invalid'
  | 'BadRequest'
  | 'Forbidden'
  | 'Unauthorized'
  | 'TooManyRequests'
  | 'Unavailable';

/** One field that made an object invalid. */
export interface InvalidField {
  readonly path: string;
  readonly message: string;
}

/** The API refused a call or could not be reached. */
export class ClusterError extends RingmasterError {
  declare readonly reason: ClusterErrorReason;
  readonly fields: readonly InvalidField[];

  constructor(
    reason: ClusterErrorReason,
    message: string,
    options?: ErrorOptions & { fields?: readonly InvalidField[] },
  ) {
    super(reason, message, options);
    this.fields = options?.fields ?? [];
  }
}

/** Whether an error is the API's refusal for this reason. */
export function isClusterError(error: unknown, reason: ClusterErrorReason): error is ClusterError {
  return error instanceof ClusterError && error.reason === reason;
}
