import { RingmasterError } from '../../operator/base/errors.ts';
import { StorageError } from '../storage/storage-error.ts';
import { InvalidData } from './invalid-data.ts';

/** The data may be as it should be, but cannot be read now. Another attempt may succeed. */
export class DataUnavailable extends RingmasterError {
  constructor(message: string, options?: ErrorOptions) {
    super('DataUnavailable', message, options);
  }
}

const curable = new Set(['NotFound', 'NoBucket', 'Denied', 'ExpiredToken', 'Unsupported']);

/**
 * Runs what reads data. What a storage says of checkpoints does not fit data: what a person has to put right becomes
 * InvalidData, the rest DataUnavailable.
 */
export async function readingData<Result>(what: string, read: () => Promise<Result>): Promise<Result> {
  try {
    return await read();
  } catch (error) {
    if (!(error instanceof StorageError)) throw error;
    switch (error.fault) {
      case 'NotFound':
      case 'NoBucket':
        throw new InvalidData(`${what} does not exist; check the location, or index the data again`, {
          cause: error,
        });
      default:
        throw curable.has(error.fault)
          ? new InvalidData(
              `${what} may not be read; data is read with the endpoint and credentials of spec.checkpoints, so these need access`,
              { cause: error },
            )
          : new DataUnavailable(`${what} cannot be read now`, { cause: error });
    }
  }
}
