import { RingmasterError } from '../base/errors.ts';
import { commandExitCodes } from './exit-codes.ts';

/** Ends a command with a message for the person who typed it and no stack trace. */
export class CommandError extends RingmasterError {
  readonly exitCode: number;

  constructor(message: string, options?: ErrorOptions & { exitCode?: number }) {
    super('CommandRefused', message, options);
    this.exitCode = options?.exitCode ?? commandExitCodes.usage;
  }
}
