import { systemErrorCode } from '../../operator/base/errors.ts';
import { cures, StorageError, type StorageFault } from './storage-error.ts';

/** Names of S3's error codes (https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html) and of the SDK's. */
const faultByName: Readonly<Record<string, StorageFault>> = {
  NoSuchKey: 'NotFound',
  NotFound: 'NotFound',
  NoSuchBucket: 'NoBucket',
  AccessDenied: 'Denied',
  AllAccessDisabled: 'Denied',
  AccountProblem: 'Denied',
  Forbidden: 'Denied',
  InvalidAccessKeyId: 'Denied',
  SignatureDoesNotMatch: 'Denied',
  CredentialsProviderError: 'Denied',
  ExpiredToken: 'ExpiredToken',
  ExpiredTokenException: 'ExpiredToken',
  InvalidToken: 'ExpiredToken',
  TokenRefreshRequired: 'ExpiredToken',
  RequestTimeTooSkewed: 'ClockSkew',
  RequestExpired: 'ClockSkew',
  XMinioStorageFull: 'NoSpace',
  QuotaExceeded: 'NoSpace',
  InsufficientStorage: 'NoSpace',
  SlowDown: 'Unreachable',
  ServiceUnavailable: 'Unreachable',
  InternalError: 'Unreachable',
  TimeoutError: 'Unreachable',
  NotImplemented: 'Unsupported',
};

const faultByStatus: Readonly<Record<number, StorageFault>> = {
  401: 'Denied',
  403: 'Denied',
  404: 'NotFound',
  429: 'Unreachable',
  500: 'Unreachable',
  501: 'Unsupported',
  502: 'Unreachable',
  503: 'Unreachable',
  504: 'Unreachable',
  507: 'NoSpace',
};

const unreachableCodes = new Set([
  ...['ECONNRESET', 'ECONNREFUSED', 'ECONNABORTED', 'EPIPE', 'ETIMEDOUT', 'ERR_STREAM_PREMATURE_CLOSE'],
  ...['EHOSTUNREACH', 'ENETUNREACH', 'ENOTFOUND', 'EAI_AGAIN'],
]);

/** What Node says of a certificate (https://nodejs.org/api/tls.html#x509-certificate-error-codes). */
const untrustedCodes = new Set([
  ...['UNABLE_TO_GET_ISSUER_CERT', 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY', 'UNABLE_TO_VERIFY_LEAF_SIGNATURE'],
  ...['DEPTH_ZERO_SELF_SIGNED_CERT', 'SELF_SIGNED_CERT_IN_CHAIN', 'CERT_UNTRUSTED', 'INVALID_CA'],
  ...['CERT_SIGNATURE_FAILURE', 'CERT_NOT_YET_VALID', 'CERT_HAS_EXPIRED', 'CERT_REVOKED'],
  ...['HOSTNAME_MISMATCH', 'ERR_TLS_CERT_ALTNAME_INVALID'],
]);

/** HTTP status of the answer that an SDK error stands for, and how many tries it took. */
export function answerOf(error: unknown): { readonly status?: number; readonly attempts: number } {
  if (!(error instanceof Error) || !('$metadata' in error)) return { attempts: 1 };
  const { $metadata: metadata } = error;
  if (typeof metadata !== 'object' || metadata === null) return { attempts: 1 };
  const fields = new Map<string, unknown>(Object.entries(metadata));
  const [status, attempts] = [fields.get('httpStatusCode'), fields.get('attempts')];
  return {
    ...(typeof status === 'number' ? { status } : {}),
    attempts: typeof attempts === 'number' ? attempts : 1,
  };
}

/**
 * The storage's own error for one of the SDK. The SDK's error is not kept as it is: it carries the request with its
 * signature and key id, and an answer may repeat them, so only name, status and message go on, the message without
 * anything that looks like a key.
 * @param action what was being done, as in `cannot <action>`
 */
export function toS3StorageError(action: string, error: unknown): StorageError {
  if (error instanceof StorageError) return error;
  const fault = faultOf(error);
  const { status } = answerOf(error);
  const name = error instanceof Error ? error.name : 'Error';
  const message = error instanceof Error ? withoutKeys(error.message) : '';
  const summary = `${name}${status === undefined ? '' : ` (HTTP ${status})`}${message === '' || message === name ? '' : `: ${message}`}`;
  return new StorageError(fault, `cannot ${action}: ${cures[fault]}`, { cause: new Error(summary) });
}

function faultOf(error: unknown): StorageFault {
  if (!(error instanceof Error)) return 'Other';
  const byName = faultByName[error.name];
  if (byName !== undefined) return byName;
  const { status } = answerOf(error);
  const byStatus = status === undefined ? undefined : faultByStatus[status];
  if (byStatus !== undefined) return byStatus;
  const code = systemErrorCode(error) ?? '';
  if (unreachableCodes.has(code)) return 'Unreachable';
  if (untrustedCodes.has(code)) return 'Untrusted';
  return error.cause === undefined ? 'Other' : faultOf(error.cause);
}

/** Whether it is worth asking again, for what the SDK does not do itself: bodies that end too soon. */
export function mayPass(error: unknown): boolean {
  const fault = error instanceof StorageError ? error.fault : faultOf(error);
  if (fault === 'Unreachable' || fault === 'Truncated') return true;
  // Node says only "aborted" of a body whose connection was lost.
  return error instanceof Error && (error.message === 'aborted' || error.message === 'terminated');
}

/** Key ids, signatures, secrets and tokens are words of 16 characters or more with digits and letters in them. */
function withoutKeys(text: string): string {
  return text.replace(/[A-Za-z0-9+/=_-]{16,}/g, (word) =>
    /[0-9]/.test(word) && /[A-Za-z]/.test(word) ? '<hidden>' : word,
  );
}
