import { inspect } from 'node:util';

/**
 * The root of every error this project raises on purpose.
 *
 * `reason` is one CamelCase word, stable across releases: people match on it in failure rules and alerts.
 * The words that can reach a user are listed in `operator/api/v1alpha1/reasons.ts`.
 */
export class RingmasterError extends Error {
  readonly reason: string;

  constructor(reason: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
    this.reason = reason;
  }
}

/** The message of anything that was thrown, followed by those of its causes that say something new. */
export function describeError(error: unknown): string {
  const messages: string[] = [];
  for (let cause = error; cause !== undefined; cause = cause instanceof Error ? cause.cause : undefined) {
    const message = textOf(cause);
    if (!messages.some((said) => said.includes(message))) messages.push(message);
  }
  return messages.join(': ');
}

function textOf(thrown: unknown): string {
  if (thrown instanceof Error) return thrown.message;
  return typeof thrown === 'string' ? thrown : inspect(thrown);
}

/** The system's own error code (`ENOENT`, `ENOSPC`, `ECONNREFUSED`), if this is a system error. */
export function systemErrorCode(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}

/** Ends a switch over a closed union; a new member that is not handled becomes a compile error. */
export function assertNever(value: never): never {
  throw new TypeError(`unexpected value ${JSON.stringify(value)}`);
}
