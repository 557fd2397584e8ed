import { RingmasterError, systemErrorCode } from '../../operator/base/errors.ts';

/** What kind of fault a storage met; the message says more. */
export type StorageFault =
  | 'NotFound'
  | 'NoBucket'
  | 'NoSpace'
  | 'Denied'
  | 'ExpiredToken'
  | 'ClockSkew'
  | 'Unreachable'
  | 'Untrusted'
  | 'Truncated'
  | 'Unsupported'
  | 'Other';

/** A storage could not do what it was asked. */
export class StorageError extends RingmasterError {
  readonly fault: StorageFault;

  constructor(fault: StorageFault, message: string, options?: ErrorOptions) {
    super('CheckpointFailed', message, options);
    this.fault = fault;
  }
}

const faultByCode: Readonly<Record<string, StorageFault>> = {
  ENOENT: 'NotFound',
  ENOTDIR: 'NotFound',
  ENOSPC: 'NoSpace',
  EDQUOT: 'NoSpace',
  EACCES: 'Denied',
  EPERM: 'Denied',
  EROFS: 'Denied',
};

/** What is wrong and what to do about it, for the end of a message. */
export const cures: Readonly<Record<StorageFault, string>> = {
  NotFound: 'it does not exist',
  NoBucket: 'the bucket does not exist; make it, or choose another one',
  NoSpace: 'no space is left there; free some, or keep fewer checkpoints (checkpoints.keep.last)',
  Denied: 'permission was refused; let the trainer read and write there, or choose another checkpoints.uri',
  ExpiredToken:
    'the credentials have expired; renew those in the Secret of checkpoints.credentials (they are read again before every request), or use workload identity',
  ClockSkew: "the clock of this machine differs from the store's by more than it allows; set it, as by NTP",
  Unreachable:
    'the store does not answer; check checkpoints.endpoint, its DNS name and the network policy of the trainers',
  Untrusted:
    'its certificate is not trusted; put that of the authority which issued it as ca.crt into the Secret of checkpoints.credentials, and reach the store by a name that its certificate has',
  Truncated: 'fewer bytes came than the store had announced',
  Unsupported: 'it is not supported',
  Other: 'the system refused',
};

/**
 * The storage's own error for a system error.
 * @param action what was being done, as in `cannot <action>`
 */
export function toStorageError(action: string, error: unknown): StorageError {
  if (error instanceof StorageError) return error;
  const fault = faultByCode[systemErrorCode(error) ?? ''] ?? 'Other';
  return new StorageError(fault, `cannot ${action}: ${cures[fault]}`, { cause: error });
}
