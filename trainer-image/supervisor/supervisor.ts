import { mkdtemp, rm } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import type { Assignment } from '../../operator/api/trainer/environment.ts';
import type { TerminationMessage } from '../../operator/api/trainer/termination-message.ts';
import { aborted } from '../../operator/base/abort.ts';
import type { Clock } from '../../operator/base/clock.ts';
import type { Logger } from '../../operator/base/logging.ts';
import { toFailure } from '../train/failure.ts';
import type { RankAssignment } from '../train/rank-protocol.ts';
import { lastWordsOf, type PodEnding } from './last-words.ts';
import { createTrainerMetrics } from './metrics.ts';
import { preparePodData, type PodData } from './pod-data.ts';
import { joinPodNetwork, type PodNetwork } from './pod-network.ts';
import { createPodSaving } from './pod-saving.ts';
import { createProgressBoard, type ProgressBoard } from './progress-board.ts';
import { startRankGang, type GangOutcome, type RankGang } from './rank-gang.ts';
import type { Meeting } from './rendezvous.ts';
import { openRunCheckpoints } from './run-checkpoints.ts';
import { storageAccessOf } from './storage-access-of.ts';

/** How long a failing pod goes on saving a snapshot that was taken before the failure. */
const lastCommitMs = 10_000;

export interface SupervisorOptions {
  readonly assignment: Assignment;
  /** The pod's own address; absent to listen on all. */
  readonly podAddress: string | undefined;
  /** Names of pods, where no DNS knows them: the pod then shares its machine's network with others. */
  readonly hostsFile: string | undefined;
  /** Folder with the keys to object storage, if the spec names a Secret of them. */
  readonly credentialsFolder: string;
  /** Folder for snapshots on their way to storage. */
  readonly temporaryFolder: string;
  /** Path of the program of a rank. */
  readonly rankProgram: string;
  /** The environment that ranks inherit. */
  readonly environment: NodeJS.ProcessEnv;
  /** Aborted by SIGTERM: save and end. */
  readonly stop: AbortSignal;
  readonly clock: Clock;
  readonly log: Logger;
}

/**
 * One pod from its start to its end: meets the other pods, runs one process a rank, saves their snapshots, answers
 * over HTTP. It restarts nothing: when a rank fails, all end at once, and the operator decides what comes next.
 * @returns the last words; never rejects
 */
export async function supervise(options: SupervisorOptions): Promise<TerminationMessage> {
  const { assignment, log } = options;
  const board = createProgressBoard(assignment.runUid, assignment.attempt);
  let ending: PodEnding;
  try {
    ending = await runPod(options, board);
  } catch (error) {
    log.debug({ err: error }, 'the supervisor failed');
    ending = { how: 'failed', verdict: toFailure(error, board.lastStep()) };
  }
  return lastWordsOf(ending, board);
}

async function runPod(options: SupervisorOptions, board: ProgressBoard): Promise<PodEnding> {
  const { assignment, clock, log, stop } = options;
  const { spec, podIndex } = assignment;
  const lifetime = new AbortController();
  const metrics = createTrainerMetrics();
  const access = storageAccessOf(spec.checkpoints, options.credentialsFolder);
  const scratchFolder = await mkdtemp(join(options.temporaryFolder, 'ringmaster-'));
  const saving = createPodSaving({
    checkpoints: openRunCheckpoints(assignment, access, log),
    board,
    metrics,
    clock,
    log,
  });
  let podData: PodData = {};
  const gang = startRankGang({
    program: options.rankProgram,
    environment: options.environment,
    firstRank: podIndex * spec.ranksPerPod,
    ranks: spec.ranksPerPod,
    threadsPerRank: threadsPerRank(spec.ranksPerPod),
    onProgress: (rank, message) => {
      board.noteProgress(message);
      metrics.noteProgress(rank, message);
    },
    onSnapshot: (snapshot) => {
      saving.save(snapshot, () => {
        gang.acknowledge(snapshot.step);
      });
    },
    onFetch: async (request) =>
      (await podData.serve?.(request)) ?? { type: 'fetched', request: request.request },
    clock,
    log,
  });
  let network: PodNetwork | undefined;
  let endsWell = false;
  try {
    const joining = joinPodNetwork({
      ...options,
      board,
      metrics,
      chooseCheckpoint: () => saving.findStart(),
      signal: lifetime.signal,
    });
    const preparing = preparePodData(spec, access, join(scratchFolder, 'data'), { clock, log });
    const met = Promise.all([joining, preparing]).then(([joined, data]) => {
      podData = data;
      return { how: 'met' as const, joined };
    });
    const stopped = aborted(stop).then(() => ({ how: 'stopped' as const }));
    const begun = await Promise.race([met, gang.outcome, stopped]);
    if (begun.how !== 'met') return toEnding(begun, board);

    network = begun.joined;
    startRanks(gang, options, network.meeting, {
      ...{ scratchFolder, storage: access, cached: podData.serve !== undefined },
      ...(podData.indexFiles === undefined ? {} : { indexFiles: podData.indexFiles }),
    });
    void stopped.then(() => {
      board.noteStopping();
      gang.stop();
    });
    const outcome = await Promise.race([gang.outcome, saving.failed, network.lost]);
    if (outcome.how === 'failed') return outcome;
    endsWell = true;
    // Saved before it is called finished: what is reported must also be there.
    await Promise.race([saving.idle(), saving.failed]);
    return toEnding(outcome, board);
  } finally {
    await gang.end();
    await network?.farewell(endsWell ? 'well' : 'failed');
    await Promise.race([saving.idle(), clock.sleep(lastCommitMs, lifetime.signal)]);
    lifetime.abort();
    await rm(scratchFolder, { recursive: true, force: true });
  }
}

function startRanks(
  gang: RankGang,
  { assignment }: SupervisorOptions,
  { addresses, restoreFrom }: Meeting,
  places: Pick<RankAssignment, 'scratchFolder' | 'storage' | 'cached' | 'indexFiles'>,
): void {
  gang.start(({ rank, localRank }) => ({
    rank,
    worldSize: addresses.length,
    localRank,
    addresses,
    run: assignment.run,
    attempt: assignment.attempt,
    spec: assignment.spec,
    ...(restoreFrom === undefined ? {} : { restoreFrom }),
    ...places,
    threads: threadsPerRank(assignment.spec.ranksPerPod),
  }));
}

/** Ranks share the cores of their pod: more threads than cores only take turns. */
function threadsPerRank(ranks: number): number {
  return Math.max(1, Math.floor(availableParallelism() / ranks));
}

function toEnding(outcome: GangOutcome | { readonly how: 'stopped' }, board: ProgressBoard): PodEnding {
  if (outcome.how !== 'finished') return outcome;
  const { checkpoint } = board.document();
  const result =
    outcome.result === undefined || checkpoint === undefined
      ? undefined
      : { ...outcome.result, uri: checkpoint.uri };
  board.noteFinished(result);
  return { how: 'finished', ...(result === undefined ? {} : { result }) };
}
