import { RingmasterError } from '../../operator/base/errors.ts';

/**
 * The data cannot be trained on: missing, truncated, changed or wrongly labelled. The message names the file
 * and the cure.
 */
export class InvalidData extends RingmasterError {
  constructor(message: string, options?: ErrorOptions) {
    super('InvalidData', message, options);
  }
}
