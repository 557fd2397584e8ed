import { RingmasterError } from '../../operator/base/errors.ts';

/**
 * A newer attempt of the same run has saved a checkpoint, so this attempt may no longer write or delete any.
 */
export class Fenced extends RingmasterError {
  constructor(message: string, options?: ErrorOptions) {
    super('Fenced', message, options);
  }
}
