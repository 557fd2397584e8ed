import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { parseArgs } from 'node:util';
import { chooseRankPorts } from './supervisor/rank-ports.ts';
import { rankEnvironment } from './supervisor/rank-process.ts';
import { measureThroughput, type Throughput, type ThroughputTask } from './train/measure-throughput.ts';

/**
 * Checks an image and tells how fast it trains: `throughput.ts [--ranks 1,2,4,8] [--depth 50] [--variant D]
 * [--image-size 224] [--batch 128] [--precision float16] [--steps 20] [--warmup-steps 5] [--threads 4] [--json]`. One rank a
 * GPU, or a share of the processor where there is none; a batch is what each rank gets. Ends with 1 if a world does not train,
 * with what its ranks said on standard error, and with 64 on a number that is none. `--rank-task` is how it starts its ranks.
 */
const { values } = parseArgs({
  options: {
    ranks: { type: 'string', default: '1,2,4,8' },
    depth: { type: 'string', default: '50' },
    variant: { type: 'string', default: 'D' },
    'image-size': { type: 'string', default: '224' },
    batch: { type: 'string', default: '128' },
    precision: { type: 'string', default: 'float16' },
    steps: { type: 'string', default: '20' },
    'warmup-steps': { type: 'string', default: '5' },
    threads: { type: 'string', default: '4' },
    json: { type: 'boolean', default: false },
    'rank-task': { type: 'string' },
  },
});

const rankTask = values['rank-task'];
if (rankTask === undefined) {
  await compareWorlds();
} else {
  const throughput = await measureThroughput(JSON.parse(rankTask) as ThroughputTask);
  process.stdout.write(`${JSON.stringify(throughput)}\n`, () => {
    process.exit(0); // TensorFlow's server has no end of its own.
  });
}

async function compareWorlds(): Promise<void> {
  const { json } = values;
  const sizes = values.ranks.split(',').map(Number);
  for (const name of ['ranks', 'depth', 'image-size', 'batch', 'steps', 'warmup-steps', 'threads'] as const) {
    const numbers = (name === 'ranks' ? values.ranks.split(',') : [values[name]]).map(Number);
    if (numbers.every((number) => Number.isInteger(number) && number > 0)) continue;
    const wanted = name === 'ranks' ? 'whole numbers such as 1,2,4,8' : 'a whole number from 1';
    process.stderr.write(`--${name} must be ${wanted} (found "${values[name]}")\n`);
    process.exitCode = 64;
    return;
  }
  if (!json) process.stdout.write('ranks  device  images/s  of the first, by rank  memory of a rank\n');
  let first: { imagesPerSecond: number; ranks: number } | undefined;
  for (const ranks of sizes) {
    const { imagesPerSecond, device, peakMemoryMiB } = await runWorld(ranks);
    first ??= { imagesPerSecond, ranks };
    const efficiency = imagesPerSecond / ranks / (first.imagesPerSecond / first.ranks);
    const line = json
      ? JSON.stringify({ ranks, device, imagesPerSecond, efficiency, peakMemoryMiB })
      : [
          String(ranks).padStart(5),
          device.padStart(7),
          imagesPerSecond.toFixed(1).padStart(9),
          `${(100 * efficiency).toFixed(0)} %`.padStart(22),
          `${peakMemoryMiB.toFixed(0)} MiB`.padStart(17),
        ].join(' ');
    process.stdout.write(`${line}\n`);
  }
}

/** What rank 0 of a world measured. */
async function runWorld(ranks: number): Promise<Throughput> {
  const threads = Number(values.threads);
  const ports = await chooseRankPorts(ranks, true);
  const children = ports.map((_, rank) => {
    const task: ThroughputTask = {
      ...{ rank, threads, addresses: ports.map((port) => `127.0.0.1:${port}`) },
      ...{ depth: Number(values.depth), variant: values.variant, precision: values.precision },
      ...{ imageSize: Number(values['image-size']), batchSize: ranks * Number(values.batch) },
      ...{ steps: Number(values.steps), warmupSteps: Number(values['warmup-steps']) },
    };
    return spawn(process.execPath, [process.argv[1] ?? '', '--rank-task', JSON.stringify(task)], {
      env: rankEnvironment({ environment: process.env, localRank: rank, threads }),
      stdio: ['ignore', 'pipe', 'inherit'],
    });
  });
  const outputs = await Promise.all(
    children.map(async (child) => {
      const [output] = await Promise.all([text(child.stdout), once(child, 'close')]);
      // A rank that fails leaves the others waiting for it.
      if (child.exitCode !== 0) for (const each of children) each.kill('SIGKILL');
      return output;
    }),
  );
  const failed = children.findIndex(({ exitCode }) => exitCode !== 0);
  if (failed >= 0) {
    process.stderr.write(`a world of ${ranks} ranks did not train\n`);
    process.exit(1);
  }
  return JSON.parse(outputs[0] ?? '') as Throughput;
}
