import { RingmasterError } from '../../../operator/base/errors.ts';

/** An encoded image cannot be decoded. The message says why; whoever knows the sample adds its name. */
export class UnreadableImage extends RingmasterError {
  constructor(message: string, options?: ErrorOptions) {
    super('InvalidData', message, options);
  }
}
