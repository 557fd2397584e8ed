import { RingmasterError } from '../../operator/base/errors.ts';

/** A call into TensorFlow failed. `code` is TensorFlow's name of the status, as in `RESOURCE_EXHAUSTED`. */
export class TensorFlowError extends RingmasterError {
  readonly code: string;

  constructor(code: string, message: string, options?: ErrorOptions) {
    super('Internal', `TensorFlow: ${code}: ${message}`, options);
    this.code = code;
  }
}

/** A function cannot be captured as it is written: a fault of this program, never of the data. */
export class CaptureError extends RingmasterError {
  constructor(message: string, options?: ErrorOptions) {
    super('Internal', message, options);
  }
}

/** Another rank ended or became unreachable during a collective operation. */
export class PeerLost extends RingmasterError {
  constructor(message: string, options?: ErrorOptions) {
    super('PeerLost', message, options);
  }
}

/** What native code threw, as an error of this project. */
export function toTensorFlowError(thrown: unknown): TensorFlowError {
  const code = thrown instanceof Error && 'code' in thrown ? String(thrown.code) : 'UNKNOWN';
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  return new TensorFlowError(code, message, { cause: thrown });
}
