import { RingmasterError } from '../../operator/base/errors.ts';

/** The recipe or model cannot be trained as written. The message names field, value and cure. */
export class InvalidRecipe extends RingmasterError {
  constructor(message: string, options?: ErrorOptions) {
    super('InvalidRecipe', message, options);
  }
}
