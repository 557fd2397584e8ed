import type { Recording } from '../recording.ts';
import { toDoublePrecision } from './double-precision.ts';
import { toHalfPrecision } from './half-precision.ts';

/** What a network computes in. Nobody trains in float64; equalities are proven in it. */
export type ComputePrecision = 'float32' | 'float16' | 'bfloat16' | 'float64';

/** The recording, recorded in float32, in another precision. */
export function inPrecision(recording: Recording, precision: ComputePrecision): Recording {
  switch (precision) {
    case 'float32':
      return recording;
    case 'float64':
      return toDoublePrecision(recording);
    default:
      return toHalfPrecision(recording, precision);
  }
}

/** What variables, inputs and outputs have in this precision: halves are used between casts only. */
export function storagePrecision(precision: ComputePrecision): 'float32' | 'float64' {
  return precision === 'float64' ? 'float64' : 'float32';
}
