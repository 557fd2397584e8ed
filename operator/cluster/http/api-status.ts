import { isObject } from '../../api/v1alpha1/wire-guards.ts';

/** The body of a refusal: `Status` of k8s.io/apimachinery, as far as it is read here. */
export interface ApiStatus {
  /** HTTP status code. */
  readonly code: number;
  /** One word, or empty where the server had none. */
  readonly reason: string;
  readonly message: string;
  readonly causes: readonly { readonly reason: string; readonly message: string; readonly field: string }[];
  readonly retryAfterSeconds?: number;
}

/**
 * Reads a Status, or makes one for a body that is none, such as the page of a proxy in between.
 * @param retryAfter seconds, from the header of that name; it counts for more than the body
 */
export function toApiStatus(httpCode: number, body: unknown, retryAfter?: number): ApiStatus {
  const fromHeader = retryAfter === undefined ? {} : { retryAfterSeconds: retryAfter };
  if (!isObject(body) || body.kind !== 'Status') {
    const text =
      typeof body === 'string' && body.length > 0 ? `: ${body.slice(0, maxForeignTextLength)}` : '';
    const message = `the server answered ${httpCode}${text}`;
    return { code: httpCode, reason: '', message, causes: [], ...fromHeader };
  }
  const details = isObject(body.details) ? body.details : {};
  const { retryAfterSeconds } = details;
  return {
    code: typeof body.code === 'number' ? body.code : httpCode,
    reason: textOf(body.reason),
    message: textOf(body.message),
    causes: (Array.isArray(details.causes) ? details.causes : []).filter(isObject).map((cause) => ({
      reason: textOf(cause.reason),
      message: textOf(cause.message),
      field: textOf(cause.field),
    })),
    ...(typeof retryAfterSeconds === 'number' && retryAfterSeconds > 0 ? { retryAfterSeconds } : {}),
    ...fromHeader,
  };
}

const maxForeignTextLength = 200;

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
