import { RingmasterError, systemErrorCode } from '../../operator/base/errors.ts';

/** What kind of fault a storage met; the message says more. */
export type StorageFault = 'NotFound' | 'NoSpace' | 'Denied' | 'Unsupported' | 'Other';

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

const cures: Readonly<Record<StorageFault, string>> = {
  NotFound: 'it does not exist',
  NoSpace: 'no space is left there; free some, or keep fewer checkpoints (checkpoints.keep.last)',
  Denied: 'permission was refused; let the trainer read and write there, or choose another checkpoints.uri',
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
