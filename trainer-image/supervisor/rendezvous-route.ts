import { describeError } from '../../operator/base/errors.ts';
import type { Clock } from '../../operator/base/clock.ts';
import { Fenced } from '../checkpoint/fenced.ts';
import { json, plainText, type HttpAnswer } from './http-server.ts';
import { Registration, type Rendezvous } from './rendezvous.ts';

/** How long a request is kept open for the pods that have not come yet; the caller then asks again. */
const longestWaitMs = 10_000;

/**
 * `POST /rendezvous`: 200 with the meeting when all pods are there, 202 when some are still missing after
 * ten seconds, 409 for a pod that does not belong here, 400 for what is no registration.
 */
export async function answerRendezvous(
  rendezvous: Rendezvous,
  clock: Clock,
  body: string,
): Promise<HttpAnswer> {
  const registration = parse(body);
  if (registration === undefined) return plainText(400, 'not a registration');
  try {
    rendezvous.register(registration);
  } catch (error) {
    if (error instanceof Fenced) return plainText(409, describeError(error));
    throw error;
  }
  const met = new AbortController();
  try {
    const meeting = await Promise.race([
      rendezvous.meeting,
      clock.sleep(longestWaitMs, met.signal).then(() => undefined),
    ]);
    if (meeting !== undefined) return json(200, meeting);
  } finally {
    met.abort();
  }
  return plainText(202, `pods ${rendezvous.missing().join(', ')} are missing`);
}

function parse(body: string): Registration | undefined {
  try {
    return Registration.parse(JSON.parse(body));
  } catch {
    return undefined; // Whatever it is, the answer is the same.
  }
}
