import { EventEmitter } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { systemClock } from '../../../operator/base/clock.ts';
import type { CommandContext } from '../../../operator/cli/context.ts';
import { makeCommands } from '../../../operator/cli/commands.ts';
import { runProgram } from '../../../operator/cli/program.ts';

/** A folder to work in, and the command line in this process, with the fake trainer in place of the real one. */
export interface CommandLine {
  readonly folder: string;
  /** Writes a manifest of a run that behaves so, and returns its name. */
  writeRun(name: string, behaviour: string, recipe?: object, model?: object): string;
  /** Writes a manifest of a table of two rows, trained with these seeds, whose trials behave so; returns its name. */
  writeSweep(name: string, behaviour: string, seeds: readonly number[]): string;
  /** Starts one command. */
  start(...words: string[]): RunningCommand;
  dispose(): void;
}

interface RunningCommand {
  readonly exitCode: Promise<number>;
  readonly stdout: () => string;
  readonly stderr: () => string;
  /** As if the process had got this signal. */
  readonly interrupt: (signal: 'SIGINT' | 'SIGTERM') => void;
  /** Handlers of signals that are still installed. */
  readonly listeners: () => number;
}

const fakeTrainer = fileURLToPath(new URL('trainer.ts', import.meta.url));

export function openCommandLine({ isTTY = false } = {}): CommandLine {
  const folder = mkdtempSync(join(tmpdir(), 'ringmaster-cli-'));
  const programFolder = join(folder, 'program');
  mkdirSync(join(programFolder, 'trainer-image'), { recursive: true });
  writeFileSync(join(programFolder, 'trainer-image', 'main.ts'), `import ${JSON.stringify(fakeTrainer)};\n`);
  return {
    folder,
    writeRun: (name, behaviour, recipe = {}, model = {}) => {
      writeFileSync(join(folder, `${name}.json`), JSON.stringify(manifest(name, behaviour, recipe, model)));
      return `${name}.json`;
    },
    writeSweep: (name, behaviour, seeds) => {
      writeFileSync(join(folder, `${name}.json`), JSON.stringify(sweepManifest(name, behaviour, seeds)));
      return `${name}.json`;
    },
    start: (...words) => startCommand(words, { folder, programFolder, isTTY }),
    dispose: () => rmSync(folder, { recursive: true, force: true }),
  };
}

function startCommand(
  words: readonly string[],
  { folder, programFolder, isTTY }: { folder: string; programFolder: string; isTTY: boolean },
): RunningCommand {
  let [out, err] = ['', ''];
  const signals = new EventEmitter();
  const context: CommandContext = {
    stdin: Readable.from([]),
    stdout: { write: (text) => (out += text) },
    stderr: { write: (text) => (err += text), isTTY, columns: 100, rows: 40 },
    signals,
    environment: {},
    workingFolder: folder,
    isKubectlPlugin: false,
    programFolder,
    clock: systemClock,
  };
  return {
    exitCode: runProgram(words, context, makeCommands),
    stdout: () => out,
    stderr: () => err,
    interrupt: (signal) => signals.emit(signal),
    listeners: () => signals.eventNames().reduce((sum, name) => sum + signals.listenerCount(name), 0),
  };
}

function sweepManifest(name: string, behaviour: string, seeds: readonly number[]): object {
  const rows = [{ name: 'baseline' }, { name: 'smooth', set: { recipe: { labelSmoothing: 0.1 } } }];
  const { apiVersion, metadata, spec } = manifest(name, behaviour, { labelSmoothing: 0 }, {});
  return {
    apiVersion,
    kind: 'TrainingSweep',
    metadata,
    spec: { runTemplate: spec, ablation: { rows, seeds } },
  };
}

function manifest(name: string, behaviour: string, recipe: object, model: object) {
  return {
    apiVersion: 'ringmaster.dev/v1alpha1',
    kind: 'TrainingRun',
    metadata: { name },
    spec: {
      model: { depth: 8, stem: 'small', classes: 10, imageSize: 28, channels: 1, ...model },
      data: { format: 'fashion-mnist', train: './data', augmentation: 'light' },
      recipe: {
        epochs: 3,
        batchSize: 64,
        learningRate: { warmupEpochs: 1 },
        precision: { compute: 'float32', lossScale: 'none' },
        ...recipe,
      },
      trainers: { gpusPerPod: 1, env: [{ name: 'FAKE', value: behaviour }] },
      checkpoints: { uri: `./checkpoints-of-${name}` },
      failurePolicy: { backoff: { initial: '100ms', max: '1s' } },
    },
  };
}
