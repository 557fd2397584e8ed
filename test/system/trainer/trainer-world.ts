import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ResolvedSpec } from '../../../operator/api/v1alpha1/resolved-spec.ts';
import { TrainingState } from '../../../trainer-image/checkpoint/training-state.ts';
import { writeSmallDataSet } from '../../fixtures/small-data-set.ts';
import { smallSpec, type SmallSpecChanges } from '../../fixtures/small-spec.ts';
import { startTrainerPod, type TrainerPod, type TrainerPodOptions } from './trainer-pod.ts';

export const stepsPerEpoch = 16;
/** More epochs than any test waits for. */
export const endless = { epochs: 10_000 };

export interface RunOptions {
  readonly attempt?: number;
  readonly every?: ResolvedSpec['checkpoints']['every'];
  readonly data?: SmallSpecChanges['data'];
  readonly recipe?: SmallSpecChanges['recipe'];
}

/** A folder with a small data set, and the trainer pods that a test file starts on it. */
export interface TrainerWorld {
  readonly folder: string;
  /** Starts the one pod, of two ranks, of a run whose checkpoints lie under a name. */
  start(name: string, options?: RunOptions): TrainerPod;
  /** Starts the two pods, of one rank each, of such a run. */
  startTwo(name: string, hostsFile: string, options?: RunOptions): [leader: TrainerPod, follower: TrainerPod];
  startPod(options: Pick<TrainerPodOptions, 'assignment' | 'hostsFile'>): TrainerPod;
  /** Ends what still runs. */
  endPods(): Promise<void>;
  remove(): Promise<void>;
}

export async function openTrainerWorld(): Promise<TrainerWorld> {
  const folder = await mkdtemp(join(tmpdir(), 'trainer-test-'));
  const data = join(folder, 'data');
  await writeSmallDataSet(data, { training: 32 * stepsPerEpoch, validation: 100 });
  let running: TrainerPod[] = [];
  let started = 0;

  function startPod(options: Pick<TrainerPodOptions, 'assignment' | 'hostsFile'>): TrainerPod {
    started += 1;
    const pod = startTrainerPod({
      ...options,
      folder: join(folder, `pod-${started}`),
      // Test files may run side by side, each in a process of its own.
      address: `127.77.${process.pid % 250}.${started}`,
    });
    running.push(pod);
    return pod;
  }

  /** The assignment of a pod; ResNet-8 for three epochs unless told otherwise. */
  function assign(name: string, options: RunOptions, podIndex: number, pods: number, ranksPerPod: number) {
    const attempt = options.attempt ?? 1;
    const uri = join(folder, name);
    const spec = smallSpec({
      data: { train: data, augmentation: 'light', ...options.data },
      recipe: { epochs: 3, ...options.recipe },
      checkpoints: { uri, ...(options.every === undefined ? {} : { every: options.every }) },
    });
    return {
      ...{ namespace: 'vision', run: 'small', runUid: 'a-uid', attempt, podIndex },
      leader: `small-${attempt}-0.small`,
      spec: { ...spec, pods, ranksPerPod },
    };
  }

  return {
    folder,
    startPod,
    start: (name, options = {}) => startPod({ assignment: assign(name, options, 0, 1, 2) }),
    startTwo: (name, hostsFile, options = {}) => [
      startPod({ assignment: assign(name, options, 0, 2, 1), hostsFile }),
      startPod({ assignment: assign(name, options, 1, 2, 1), hostsFile }),
    ],
    async endPods() {
      for (const pod of running) pod.kill('SIGKILL', 'group');
      await Promise.all(running.map((pod) => pod.ended));
      running = [];
    },
    async remove() {
      await rm(folder, { recursive: true });
    },
  };
}

/** The state of a checkpoint in a folder of this machine. */
export async function readState(checkpointUri: string | undefined): Promise<TrainingState> {
  return TrainingState.parse(JSON.parse(await readFile(join(checkpointUri ?? '', 'state.json'), 'utf8')));
}
