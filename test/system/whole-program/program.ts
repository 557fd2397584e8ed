import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { dump } from 'js-yaml';
import type { TrainingRun } from '../../../operator/api/v1alpha1/training-run.ts';
import { TrainingState } from '../../../trainer-image/checkpoint/training-state.ts';
import { writeSmallDataSet } from '../../fixtures/small-data-set.ts';

const program = fileURLToPath(new URL('../../../operator/cli/main.ts', import.meta.url));

/** Steps of one epoch of the small data set at batch size 32. */
export const stepsPerEpoch = 48;

/** A folder in which the real program is typed: real controller, node agent, supervisor, ranks and TensorFlow. */
export interface ProgramWorld {
  readonly folder: string;
  /** Writes a manifest of two ranks on a small data set and returns its name. */
  writeRun(name: string, spec?: object): Promise<string>;
  /** Types `ringmaster` with these words. */
  type(...words: string[]): Typed;
  dispose(): Promise<void>;
}

/** A command that runs. */
export interface Typed {
  readonly process: ChildProcess;
  /** What it printed and how it ended, a signal as 128 + its number's place (137 for SIGKILL). */
  readonly ended: Promise<{ code: number; stdout: string; stderr: string }>;
  readonly stderr: () => string;
}

export async function openProgramWorld(): Promise<ProgramWorld> {
  const folder = await mkdtemp(join(tmpdir(), 'ringmaster-whole-'));
  await writeSmallDataSet(join(folder, 'data'), { training: 32 * stepsPerEpoch, validation: 200 });
  const running = new Set<ChildProcess>();
  return {
    folder,
    writeRun: async (name, spec = {}) => {
      await writeFile(join(folder, `${name}.yaml`), dump(manifest(name, spec)));
      return `${name}.yaml`;
    },
    type: (...words) => {
      const child = spawn(process.execPath, [program, ...words], {
        cwd: folder,
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      running.add(child);
      let [stdout, stderr] = ['', ''];
      child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
      child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
      const ended = once(child, 'close').then(([code, signal]: unknown[]) => {
        running.delete(child);
        return { code: typeof code === 'number' ? code : signal === 'SIGKILL' ? 137 : 128, stdout, stderr };
      });
      return { process: child, ended, stderr: () => stderr };
    },
    dispose: async () => {
      for (const child of running) child.kill('SIGKILL');
      for (const { pid } of trainerProcesses(folder)) process.kill(pid, 'SIGKILL');
      await rm(folder, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

function manifest(name: string, spec: object): unknown {
  return {
    apiVersion: 'ringmaster.dev/v1alpha1',
    kind: 'TrainingRun',
    metadata: { name },
    spec: {
      model: { depth: 8, stem: 'small', classes: 10, imageSize: 28, channels: 1 },
      data: { format: 'fashion-mnist', train: './data', augmentation: 'light' },
      recipe: {
        epochs: 6,
        batchSize: 32,
        learningRate: { warmupEpochs: 1 },
        precision: { compute: 'float32', lossScale: 'none' },
        mixup: { alpha: 0 },
      },
      trainers: { gpusPerPod: 2 },
      checkpoints: { uri: './checkpoints', every: { steps: 20 } },
      failurePolicy: { backoff: { initial: '100ms', max: '1s' } },
      ...spec,
    },
  };
}

export interface TrainerProcess {
  readonly pid: number;
  readonly role: 'supervisor' | 'rank';
}

/** The trainer's processes whose pods lie in a folder, as the kernel knows them. */
export function trainerProcesses(folder: string): TrainerProcess[] {
  return readdirSync('/proc').flatMap((entry): TrainerProcess[] => {
    if (!/^[0-9]+$/.test(entry)) return [];
    try {
      const commandLine = readFileSync(`/proc/${entry}/cmdline`, 'utf8');
      const role = commandLine.includes('trainer-image/rank.ts')
        ? 'rank'
        : commandLine.includes('trainer-image/main.ts')
          ? 'supervisor'
          : undefined;
      if (role === undefined || !readFileSync(`/proc/${entry}/environ`, 'utf8').includes(folder)) return [];
      readlinkSync(`/proc/${entry}/exe`); // Fails for a process that has ended and only waits to be reaped.
      return [{ pid: Number(entry), role }];
    } catch {
      return []; // It ended while we looked.
    }
  });
}

/** The one object that a command printed with `--output json`. */
export function printedRun(stdout: string): TrainingRun {
  const run: TrainingRun = JSON.parse(stdout) as TrainingRun;
  return run;
}

/** The training state that lies in a finished run's last checkpoint. */
export async function finalState(run: TrainingRun): Promise<TrainingState> {
  const uri = run.status?.result?.uri ?? '';
  return TrainingState.parse(
    JSON.parse(await readFile(join(uri.replace(/^file:\/\//, ''), 'state.json'), 'utf8')),
  );
}
