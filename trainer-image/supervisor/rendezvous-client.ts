import type { Clock } from '../../operator/base/clock.ts';
import { describeError, RingmasterError } from '../../operator/base/errors.ts';
import type { Logger } from '../../operator/base/logging.ts';
import { Fenced } from '../checkpoint/fenced.ts';
import { hostAndPort, type ResolveHost } from './host-resolver.ts';
import { Meeting, type Registration } from './rendezvous.ts';

/** Not all pods came in time. */
export class RendezvousTimeout extends RingmasterError {
  constructor(message: string) {
    super('RendezvousTimeout', message);
  }
}

/** How long a request may take: longer than pod 0 keeps one open. */
const requestTimeoutMs = 30_000;
const retryMs = 500;

export interface RendezvousClientOptions {
  /** Host name of pod 0. */
  readonly leader: string;
  readonly port: number;
  readonly registration: Registration;
  readonly resolveHost: ResolveHost;
  readonly timeoutMs: number;
  readonly clock: Clock;
  readonly log: Logger;
  readonly signal: AbortSignal;
}

/**
 * Registers at pod 0 until all pods are there. Pod 0 may not have an address yet, or not listen yet: that is retried.
 * @throws Fenced when pod 0 refuses this pod
 * @throws RendezvousTimeout after `timeoutMs`; the message holds the last obstacle
 */
export async function meetAtLeader(options: RendezvousClientOptions): Promise<Meeting> {
  const { leader, clock, log, signal } = options;
  const deadlineMs = clock.monotonicMs() + options.timeoutMs;
  let obstacle = '';
  while (clock.monotonicMs() < deadlineMs) {
    signal.throwIfAborted();
    try {
      const answer = await ask(options);
      if (answer.met !== undefined) return answer.met;
      obstacle = answer.obstacle;
    } catch (error) {
      if (error instanceof Fenced) throw error;
      signal.throwIfAborted();
      obstacle = describeError(error);
      log.debug({ leader, obstacle }, 'pod 0 cannot be reached yet');
      await clock.sleep(retryMs, signal);
    }
  }
  throw new RendezvousTimeout(
    `Not all pods met at ${leader} within ${options.timeoutMs / 1000} s: ${obstacle}`,
  );
}

type Answer = { readonly met: Meeting } | { readonly met?: undefined; readonly obstacle: string };

async function ask(options: RendezvousClientOptions): Promise<Answer> {
  const { leader, port, registration, resolveHost, signal } = options;
  const host = await resolveHost(leader);
  const response = await fetch(`http://${hostAndPort(host, port)}/rendezvous`, {
    method: 'POST',
    body: JSON.stringify(registration),
    signal: AbortSignal.any([signal, AbortSignal.timeout(requestTimeoutMs)]),
  });
  const body = await response.text();
  if (response.status === 409) throw new Fenced(body);
  if (response.status === 202) return { obstacle: body };
  if (!response.ok) throw new Error(`pod 0 answers ${response.status}: ${body}`);
  return { met: Meeting.parse(JSON.parse(body)) };
}
