import { RingmasterError } from '../../operator/base/errors.ts';

/** What should be a checkpoint is not one: incomplete, damaged, or in a format of something else. */
export class CorruptCheckpoint extends RingmasterError {
  constructor(message: string, options?: ErrorOptions) {
    super('IncompatibleCheckpoint', message, options);
  }
}
