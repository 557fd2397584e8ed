import { hostname } from 'node:os';
import { supervisorPort, type Assignment } from '../../operator/api/trainer/environment.ts';
import type { Clock } from '../../operator/base/clock.ts';
import type { Logger } from '../../operator/base/logging.ts';
import { attend, bidFarewell, type AttendOptions } from './attend.ts';
import { takeAttendance, type Attendance, type Beat, type PeerLoss } from './attendance.ts';
import { createHostResolver, hostAndPort } from './host-resolver.ts';
import { serveHttp } from './http-server.ts';
import type { TrainerMetrics } from './metrics.ts';
import { podRoutes } from './pod-routes.ts';
import type { ProgressBoard } from './progress-board.ts';
import { chooseRankPorts } from './rank-ports.ts';
import { meetAtLeader } from './rendezvous-client.ts';
import { createRendezvous, type Meeting, type Rendezvous } from './rendezvous.ts';

/** How long pods wait for each other: longer than the operator's start timeout, which normally decides. */
const rendezvousTimeoutMs = 30 * 60_000;

export interface PodNetworkOptions {
  readonly assignment: Assignment;
  /** The pod's own address; absent to listen on all. */
  readonly podAddress: string | undefined;
  /** Names of pods, where no DNS knows them: the pod then shares its machine's network with others. */
  readonly hostsFile: string | undefined;
  readonly board: ProgressBoard;
  readonly metrics: TrainerMetrics;
  /** Called in pod 0 only. */
  readonly chooseCheckpoint: () => Promise<string | undefined>;
  readonly clock: Clock;
  readonly log: Logger;
  readonly signal: AbortSignal;
}

/** The other pods of the attempt, once all have met. */
export interface PodNetwork {
  readonly meeting: Meeting;
  /** Resolves when another pod is lost; otherwise never. */
  readonly lost: Promise<PeerLoss>;
  /** Says that this pod ends. Never rejects. */
  farewell(leaving: NonNullable<Beat['leaving']>): Promise<void>;
}

/** Serves this pod's HTTP and resolves when all pods have met. */
export async function joinPodNetwork(options: PodNetworkOptions): Promise<PodNetwork> {
  const { assignment, board, metrics, clock, log, signal } = options;
  const { runUid, attempt, podIndex, spec } = assignment;
  const guests = { runUid, attempt, pods: spec.pods, ranksPerPod: spec.ranksPerPod };
  const leads = podIndex === 0;
  const rendezvous = leads ? createRendezvous(guests, options.chooseCheckpoint()) : undefined;
  let attendance: Attendance | undefined;
  await serveHttp({
    host: options.podAddress ?? '0.0.0.0',
    port: supervisorPort,
    routes: podRoutes({ board, metrics, rendezvous, attendance: () => attendance, clock }),
    log,
    signal,
  });
  const addresses = await rankAddresses(options);
  if (rendezvous !== undefined) {
    const meeting = await meetHere(rendezvous, assignment, addresses);
    attendance = takeAttendance(guests, clock, signal);
    return { meeting, lost: attendance.lost, farewell: () => Promise.resolve() };
  }
  const resolveHost = createHostResolver(options.hostsFile);
  const port = supervisorPort;
  const registration = { runUid, attempt, podIndex, addresses };
  const { leader } = assignment;
  const timeoutMs = rendezvousTimeoutMs;
  const meeting = await meetAtLeader({
    leader,
    port,
    registration,
    resolveHost,
    timeoutMs,
    clock,
    log,
    signal,
  });
  const attending: AttendOptions = {
    self: { runUid, attempt, podIndex },
    leaderUrl: async () => `http://${hostAndPort(await resolveHost(leader), port)}`,
    clock,
    signal,
  };
  return { meeting, lost: attend(attending), farewell: (leaving) => bidFarewell(attending, leaving) };
}

function meetHere(
  rendezvous: Rendezvous,
  { runUid, attempt, podIndex }: Assignment,
  addresses: string[],
): Promise<Meeting> {
  rendezvous.register({ runUid, attempt, podIndex, addresses });
  return rendezvous.meeting;
}

/** `host:port` for the collective server of each rank of this pod. */
async function rankAddresses({ assignment, podAddress, hostsFile }: PodNetworkOptions): Promise<string[]> {
  const { pods, ranksPerPod } = assignment.spec;
  const ports = await chooseRankPorts(ranksPerPod, hostsFile !== undefined);
  // A world of one pod needs no address that others can reach.
  const host = podAddress ?? (pods === 1 ? '127.0.0.1' : hostname());
  return ports.map((port) => hostAndPort(host, port));
}
