import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { freePorts } from '../../control-plane/free-ports.ts';
import { figuresOf, interleave, ratioOf, type Figures, type Ratio } from '../rounds.ts';

/** What a training step costs beside the peers', in images a second. */
export interface StepBench {
  readonly imagesPerSecond: Readonly<Record<string, Figures>>;
  readonly ratios: readonly Ratio[];
}

export interface StepBenchOptions {
  readonly rounds: number;
  /** Folder of Fashion-MNIST. */
  readonly data: string;
  /** Python that has torch and keras. */
  readonly python: string;
  readonly report: (line: string) => void;
}

const run = promisify(execFile);
const script = (name: string) => fileURLToPath(new URL(name, import.meta.url));

const batchSize = 128;
const warmupSteps = 20;
const steps = 60;

/**
 * ResNet-20 of width 16 at batch size 128 on 28x28 images, input and optimiser included: ours captured and eager,
 * PyTorch (channels last, plain and compiled) and Keras (tf.function) with two threads; ours and PyTorch's
 * DistributedDataParallel over gloo with two processes of one thread each.
 */
export async function benchStep({ rounds, data, python, report }: StepBenchOptions): Promise<StepBench> {
  const ours = (mode: 'captured' | 'eager', threads: number, worldSize: number) => async () => {
    const addresses =
      worldSize === 1 ? ['127.0.0.1:0'] : (await freePorts(worldSize)).map((port) => `127.0.0.1:${port}`);
    const outputs = await Promise.all(
      addresses.map((_, rank) => {
        const task = { mode, rank, addresses, threads, data, batchSize, warmupSteps, steps };
        return run(process.execPath, [script('ours.ts'), JSON.stringify(task)], {
          env: { ...process.env, TF_CPP_MIN_LOG_LEVEL: '2' },
        });
      }),
    );
    return imagesPerSecond(outputs);
  };
  const counts = (threads: number) => [data, batchSize, warmupSteps, steps, threads].map(String);
  const python1 =
    (name: string, ...more: string[]) =>
    async () =>
      imagesPerSecond([await run(python, [script(name), ...counts(2), ...more])]);
  const distributed = async () => {
    const [port = 0] = await freePorts(1);
    const outputs = await Promise.all(
      [0, 1].map((rank) =>
        run(python, [script('torch_step.py'), ...counts(1)], {
          env: {
            ...process.env,
            ...{ RANK: String(rank), WORLD_SIZE: '2', MASTER_ADDR: '127.0.0.1', MASTER_PORT: String(port) },
          },
        }),
      ),
    );
    return imagesPerSecond(outputs);
  };

  const results = await interleave(
    new Map([
      ['captured, 2 threads', ours('captured', 2, 1)],
      ['eager, 2 threads', ours('eager', 2, 1)],
      ['PyTorch, 2 threads', python1('torch_step.py')],
      ['PyTorch compiled, 2 threads', python1('torch_step.py', 'compile')],
      ['Keras, 2 threads', python1('keras_step.py')],
      ['captured, 2 ranks', ours('captured', 1, 2)],
      ['PyTorch DDP, 2 ranks', distributed],
    ]),
    rounds,
    report,
  );
  return {
    imagesPerSecond: Object.fromEntries([...results].map(([name, values]) => [name, figuresOf(values)])),
    ratios: [
      ratioOf(results, 'captured, 2 threads', 'PyTorch, 2 threads'),
      ratioOf(results, 'captured, 2 threads', 'PyTorch compiled, 2 threads'),
      ratioOf(results, 'captured, 2 threads', 'Keras, 2 threads'),
      ratioOf(results, 'captured, 2 threads', 'eager, 2 threads'),
      ratioOf(results, 'captured, 2 ranks', 'captured, 2 threads'),
      ratioOf(results, 'captured, 2 ranks', 'PyTorch DDP, 2 ranks'),
    ],
  };
}

/** What rank 0 printed on its last line. */
function imagesPerSecond([first]: readonly { stdout: string }[]): number {
  const parsed: unknown = JSON.parse(first?.stdout.trim().split('\n').at(-1) ?? '');
  if (typeof parsed === 'object' && parsed !== null && 'imagesPerSecond' in parsed) {
    return Number(parsed.imagesPerSecond);
  }
  throw new TypeError('a contestant printed no figure');
}
