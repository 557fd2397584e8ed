import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import * as z from 'zod';
import { freePorts } from '../../control-plane/free-ports.ts';
import { figuresOf, interleave, ratioOf, type Figures, type Ratio } from '../rounds.ts';

/** What a training step of a full-size network costs beside the peers'. */
export interface FullSizeBench {
  readonly imagesPerSecond: Readonly<Record<string, Figures>>;
  /** Most memory that the process held, of rank 0. */
  readonly peakMemoryMiB: Readonly<Record<string, Figures>>;
  /** Of images a second. */
  readonly ratios: readonly Ratio[];
  readonly memoryRatios: readonly Ratio[];
}

export interface FullSizeBenchOptions {
  readonly rounds: number;
  /** Python that has torch, timm and keras. */
  readonly python: string;
  readonly report: (line: string) => void;
}

const Printed = z.object({ imagesPerSecond: z.number(), peakMemoryMiB: z.number() });

const run = promisify(execFile);
const script = (name: string) => fileURLToPath(new URL(name, import.meta.url));
const throughputProgram = script('../../../trainer-image/throughput.ts');

/** A ResNet-D and the steps that are measured. */
interface Work {
  readonly depth: 18 | 50;
  readonly imageSize: number;
  /** Images a step over all ranks. */
  readonly batchSize: number;
  readonly warmupSteps: number;
  readonly steps: number;
}

const large: Work = { depth: 50, imageSize: 224, batchSize: 16, warmupSteps: 2, steps: 5 };
const shared: Work = { depth: 18, imageSize: 112, batchSize: 32, warmupSteps: 3, steps: 12 };

/**
 * ResNet-50-D at batch size 16 on 224 x 224 with two threads: ours, PyTorch (channels last) and Keras (tf.function).
 * ResNet-18-D at batch size 32 on 112 x 112: ours in two processes of one thread and in one of two, and PyTorch's
 * DistributedDataParallel over gloo. Whole steps with optimiser and all-reduce on one random batch, so that nothing but
 * the network counts. About 3 minutes a round on two idle cores.
 */
export async function benchFullSize({
  rounds,
  python,
  report,
}: FullSizeBenchOptions): Promise<FullSizeBench> {
  const memory = new Map<string, number[]>();
  const contestants = new Map<string, () => Promise<number>>();
  const enter = (name: string, start: () => Promise<{ stdout: string }[]>) => {
    contestants.set(name, async () => {
      const [first] = await start();
      const { imagesPerSecond, peakMemoryMiB } = Printed.parse(
        JSON.parse(first?.stdout.trim().split('\n').at(-1) ?? ''),
      );
      memory.set(name, [...(memory.get(name) ?? []), peakMemoryMiB]);
      report(`${name}: ${peakMemoryMiB.toFixed(0)} MiB`);
      return imagesPerSecond;
    });
  };

  enter('ours', () => startOurs(large, 2, 1));
  enter('PyTorch', () => startTorch(python, large, 2, 1));
  const counts = [large.imageSize, large.batchSize, large.warmupSteps, large.steps, 2].map(String);
  enter('Keras', async () => [await run(python, [script('keras_step.py'), ...counts])]);
  enter('ours, 2 ranks', () => startOurs(shared, 1, 2));
  enter('ours, 1 process', () => startOurs(shared, 2, 1));
  enter('PyTorch DDP, 2 ranks', () => startTorch(python, shared, 1, 2));

  const results = await interleave(contestants, rounds, report);
  const summary = (of: ReadonlyMap<string, readonly number[]>) =>
    Object.fromEntries([...of].map(([name, values]) => [name, figuresOf(values)]));
  return {
    imagesPerSecond: summary(results),
    peakMemoryMiB: summary(memory),
    ratios: [
      ratioOf(results, 'ours', 'PyTorch'),
      ratioOf(results, 'ours', 'Keras'),
      ratioOf(results, 'ours, 2 ranks', 'ours, 1 process'),
      ratioOf(results, 'ours, 2 ranks', 'PyTorch DDP, 2 ranks'),
    ],
    memoryRatios: [ratioOf(memory, 'ours', 'PyTorch'), ratioOf(memory, 'ours', 'Keras')],
  };
}

/** The program with which an owner of GPUs checks an image: it starts the ranks itself. */
async function startOurs(work: Work, threads: number, worldSize: number) {
  const { depth, imageSize, batchSize, warmupSteps, steps } = work;
  const options = {
    ...{ ranks: worldSize, depth, 'image-size': imageSize, batch: batchSize / worldSize },
    ...{ precision: 'float32', 'warmup-steps': warmupSteps, steps, threads },
  };
  const words = Object.entries(options).map(([name, value]) => `--${name}=${value}`);
  return [await run(process.execPath, [throughputProgram, '--json', ...words])];
}

async function startTorch(python: string, work: Work, threads: number, worldSize: number) {
  const { depth, imageSize, batchSize, warmupSteps, steps } = work;
  const counts = [depth, imageSize, batchSize, warmupSteps, steps, threads].map(String);
  const [port = 0] = await freePorts(1);
  return Promise.all(
    Array.from({ length: worldSize }, (_, rank) => {
      const place = { RANK: rank, WORLD_SIZE: worldSize, MASTER_ADDR: '127.0.0.1', MASTER_PORT: port };
      const variables = Object.entries(place).map(([name, value]) => [name, String(value)] as const);
      return run(python, [script('torch_step.py'), ...counts], {
        env: { ...process.env, ...(worldSize === 1 ? {} : Object.fromEntries(variables)) },
      });
    }),
  );
}
