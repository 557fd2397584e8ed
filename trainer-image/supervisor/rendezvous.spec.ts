import { describe, expect, it } from 'vitest';
import { systemClock, type Clock } from '../../operator/base/clock.ts';
import { createLogger } from '../../operator/base/logging.ts';
import { serveHttp } from './http-server.ts';
import { chooseRankPorts } from './rank-ports.ts';
import { meetAtLeader, RendezvousTimeout } from './rendezvous-client.ts';
import { answerRendezvous } from './rendezvous-route.ts';
import { createRendezvous, type Registration } from './rendezvous.ts';

const guests = { runUid: 'u1', attempt: 2, pods: 2, ranksPerPod: 2 };
const pod = (podIndex: number, changes: Partial<Registration> = {}): Registration => ({
  runUid: 'u1',
  attempt: 2,
  podIndex,
  addresses: [`10.0.0.${podIndex}:2222`, `10.0.0.${podIndex}:2223`],
  ...changes,
});
const checkpoint = '/runs/step-40';
const silent = createLogger('silent');

describe('the rendezvous', () => {
  it('orders addresses by rank, whoever came first, and names the checkpoint once for all', async () => {
    const rendezvous = createRendezvous(guests, Promise.resolve(checkpoint));
    rendezvous.register(pod(1));
    expect(rendezvous.missing()).toEqual([0]);
    rendezvous.register(pod(0));
    expect(await rendezvous.meeting).toEqual({
      addresses: ['10.0.0.0:2222', '10.0.0.0:2223', '10.0.0.1:2222', '10.0.0.1:2223'],
      restoreFrom: checkpoint,
    });
  });

  it('lets a pod say the same again, but not be another', () => {
    const rendezvous = createRendezvous(guests, Promise.resolve(undefined));
    rendezvous.register(pod(1));
    rendezvous.register(pod(1));
    expect(() => {
      rendezvous.register(pod(1, { addresses: ['10.9.9.9:1', '10.9.9.9:2'] }));
    }).toThrow(/cannot also be/);
  });

  it.each([
    ['another run', pod(1, { runUid: 'u2' }), /Run u2/],
    ['an older attempt', pod(1, { attempt: 1 }), /Attempt 1/],
    ['a newer attempt', pod(1, { attempt: 3 }), /Attempt 3/],
    ['one pod too many', pod(2), /Pod 2/],
    ['a pod with too few ranks', pod(1, { addresses: ['10.0.0.1:2222'] }), /1 ranks/],
  ])('refuses %s', (_, registration, message) => {
    const rendezvous = createRendezvous(guests, Promise.resolve(undefined));
    expect(() => {
      rendezvous.register(registration);
    }).toThrow(message);
    expect(rendezvous.missing()).toEqual([0, 1]);
  });

  it('answers 202 with who is missing when the wait is over, and 400 to strangers', async () => {
    const impatient: Clock = { now: () => 0, monotonicMs: () => 0, sleep: () => Promise.resolve() };
    const rendezvous = createRendezvous(guests, Promise.resolve(undefined));
    const answer = await answerRendezvous(rendezvous, impatient, JSON.stringify(pod(1)));
    expect(answer).toMatchObject({ status: 202, body: 'pods 0 are missing' });
    expect(await answerRendezvous(rendezvous, impatient, '<html>')).toMatchObject({ status: 400 });
  });
});

describe('meeting at pod 0 over HTTP', () => {
  async function serve(signal: AbortSignal) {
    const rendezvous = createRendezvous(guests, Promise.resolve(checkpoint));
    const [port = 0] = await chooseRankPorts(1, true);
    const routes = {
      'POST /rendezvous': (body: string) => answerRendezvous(rendezvous, systemClock, body),
    };
    const listen = () => serveHttp({ host: '127.0.0.1', port, routes, log: silent, signal });
    const client = (registration: Registration, timeoutMs: number) =>
      meetAtLeader({
        leader: 'run-2-0.run',
        port,
        registration,
        resolveHost: () => Promise.resolve('127.0.0.1'),
        timeoutMs,
        clock: systemClock,
        log: silent,
        signal,
      });
    return { rendezvous, listen, client };
  }

  it('waits for a pod 0 that does not listen yet', async () => {
    const lifetime = new AbortController();
    const { rendezvous, listen, client } = await serve(lifetime.signal);
    const met = client(pod(1), 9000);
    await listen();
    rendezvous.register(pod(0));
    expect((await met).restoreFrom).toEqual(checkpoint);
    lifetime.abort();
  });

  it('ends at once when refused', async () => {
    const lifetime = new AbortController();
    const { listen, client } = await serve(lifetime.signal);
    await listen();
    await expect(client(pod(1, { attempt: 1 }), 9000)).rejects.toMatchObject({ reason: 'Fenced' });
    lifetime.abort();
  });

  it('gives up in time and says what stood in the way', async () => {
    const lifetime = new AbortController();
    const { client } = await serve(lifetime.signal);
    const failure = client(pod(1), 50);
    await expect(failure).rejects.toBeInstanceOf(RendezvousTimeout);
    await expect(failure).rejects.toThrow(/run-2-0\.run within 0\.05 s: .*ECONNREFUSED/);
    lifetime.abort();
  });
});
