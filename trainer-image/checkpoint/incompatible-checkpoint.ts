import { RingmasterError } from '../../operator/base/errors.ts';

/**
 * A checkpoint cannot be continued as the spec says, because it belongs to another model, recipe or data set.
 */
export class IncompatibleCheckpoint extends RingmasterError {
  constructor(message: string, options?: ErrorOptions) {
    super('IncompatibleCheckpoint', message, options);
  }
}
