import { join } from 'node:path';
import type { Clock } from '../../base/clock.ts';
import type { Logger } from '../../base/logging.ts';
import type { Cluster } from '../../cluster/cluster.ts';
import { fetchProgress } from '../../controllers/progress-reader.ts';
import { runController } from '../../controllers/run-controller.ts';
import { sweepController } from '../../controllers/sweep-controller.ts';
import { runNodeAgent } from '../../local/node-agent.ts';
import { openStateFolder } from './state-folder.ts';

/** What a world of one machine is made of. */
export interface LocalWorldOptions {
  /** Folder of everything that is kept: `state/`, `pods/`, `logs/`. */
  readonly folder: string;
  /** Ranks that may run at the same time. */
  readonly gpuSlots: number;
  /** Folder that holds `trainer-image/`. */
  readonly programFolder: string;
  readonly clock: Clock;
  readonly log: Logger;
}

/** Cluster, controllers and node in this process. */
export interface LocalWorld {
  readonly cluster: Cluster;
  /** Lets the controllers and the node begin. */
  start(): void;
  /** Aborted, with the error as its reason, when one of them breaks. */
  readonly broken: AbortSignal;
  /** Ends them, and what still runs of their pods, and gives the state folder back. */
  close(): Promise<void>;
}

/** The image that pods get when their run names none; here it stands for the trainer's own source. */
const localTrainerImage = 'ringmaster-trainer:local';
/** Progress is read and written so often: a person is watching, and trainer and store are next door. */
const progressIntervalMs = 1000;

/** @throws CommandError with exit code 69 when another process works in the folder */
export async function openLocalWorld(options: LocalWorldOptions): Promise<LocalWorld> {
  const { folder, clock, log } = options;
  const cluster = await openStateFolder({
    folder: join(folder, 'state'),
    clock,
    log: log.child({ part: 'cluster' }),
  });
  const ending = new AbortController();
  const broken = new AbortController();
  const parts: Promise<void>[] = [];
  const keep = async (part: Promise<void>) => {
    try {
      await part;
    } catch (error) {
      broken.abort(error);
    }
  };
  return {
    cluster,
    broken: broken.signal,
    start: () => {
      parts.push(
        keep(startController(cluster, options, ending.signal)),
        keep(startSweeps(cluster, options, ending.signal)),
        keep(startNode(cluster, options, ending.signal)),
      );
    },
    close: async () => {
      ending.abort();
      await Promise.all(parts);
      cluster.close();
    },
  };
}

function startController(
  cluster: Cluster,
  { clock, log }: LocalWorldOptions,
  signal: AbortSignal,
): Promise<void> {
  return runController({
    cluster,
    clock,
    log: log.child({ part: 'controller' }),
    fetchProgress,
    settings: { trainerImage: localTrainerImage, progressIntervalMs, statusIntervalMs: progressIntervalMs },
    signal,
  });
}

function startSweeps(
  cluster: Cluster,
  { clock, log }: LocalWorldOptions,
  signal: AbortSignal,
): Promise<void> {
  return sweepController({
    cluster,
    clock,
    log: log.child({ part: 'sweeps' }),
    settings: { statusIntervalMs: progressIntervalMs },
    signal,
  });
}

function startNode(cluster: Cluster, options: LocalWorldOptions, signal: AbortSignal): Promise<void> {
  return runNodeAgent({
    cluster,
    clock: options.clock,
    log: options.log.child({ part: 'node' }),
    nodeName: 'local',
    gpuSlots: options.gpuSlots,
    folder: options.folder,
    images: {
      [localTrainerImage]: [process.execPath, join(options.programFolder, 'trainer-image', 'main.ts')],
    },
    signal,
  });
}
