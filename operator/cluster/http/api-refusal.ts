import { ClusterError, type ClusterErrorReason, type InvalidField } from '../cluster-error.ts';
import type { ApiStatus } from './api-status.ts';

/** The server answered, with a refusal; the Status it gave is kept for the reflector. */
export class ApiRefusal extends ClusterError {
  readonly status: ApiStatus;

  constructor(status: ApiStatus) {
    const unknown = unknownFields(status);
    const isMisspelt = unknown.length > 0;
    super(isMisspelt ? 'Invalid' : reasonOf(status), status.message, {
      fields: isMisspelt ? unknown : invalidFields(status),
    });
    this.status = status;
  }
}

/**
 * Whether the server no longer has, or does not yet have, the version that was asked for: everything must be listed
 * again. The second happens after a restore of etcd, and would otherwise go on for ever.
 */
export function isExpired(error: unknown): boolean {
  if (!(error instanceof ApiRefusal)) return false;
  const { code, reason, causes } = error.status;
  return (
    code === 410 ||
    reason === 'Expired' ||
    reason === 'Gone' ||
    causes.some((cause) => cause.reason === 'ResourceVersionTooLarge')
  );
}

const reasonsByWord: Readonly<Record<string, ClusterErrorReason>> = {
  NotFound: 'NotFound',
  AlreadyExists: 'AlreadyExists',
  Conflict: 'Conflict',
  Invalid: 'Invalid',
  BadRequest: 'BadRequest',
  Forbidden: 'Forbidden',
  Unauthorized: 'Unauthorized',
  TooManyRequests: 'TooManyRequests',
};

/** For what is not a Status, and for words that this project does not tell apart. */
const reasonsByCode: Readonly<Record<number, ClusterErrorReason>> = {
  400: 'BadRequest',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'NotFound',
  405: 'BadRequest',
  406: 'BadRequest',
  409: 'Conflict',
  413: 'BadRequest',
  415: 'BadRequest',
  422: 'Invalid',
  429: 'TooManyRequests',
};

function reasonOf({ reason, code }: ApiStatus): ClusterErrorReason {
  return reasonsByWord[reason] ?? reasonsByCode[code] ?? 'Unavailable';
}

function invalidFields({ causes }: ApiStatus): InvalidField[] {
  const fields = new Map<string, InvalidField>();
  for (const { field, message } of causes) {
    // The server adds causes of no field, to say that some rules were not evaluated, and some causes twice.
    if (field !== '' && field !== '<nil>') fields.set(`${field}: ${message}`, { path: field, message });
  }
  return [...fields.values()];
}

/** Strict field validation answers 400 with a text; a misspelt field is an invalid object all the same. */
function unknownFields({ code, message }: ApiStatus): InvalidField[] {
  if (code !== 400 || !message.includes('strict decoding error')) return [];
  return [...message.matchAll(/(unknown|duplicate) field "([^"]+)"/g)].map(([, kind = '', path = '']) => ({
    path,
    message: `${kind} field`,
  }));
}
