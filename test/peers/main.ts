import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import * as z from 'zod';
import { startTensorFlow } from '../../trainer-image/tensorflow/tensorflow.ts';
import { computeOurs, type PeerNetwork } from './our-network.ts';

/*
 * `npm run test:peers [-- --depth N] [--json]`: every full-size network, or those of one depth, against torchvision and timm with the same weights, which they load
 * from our export. Ends with 1 if a key is missing or unexpected, or a number differs by more than it may.
 */

/**
 * Largest difference of a logit by the largest logit, in float32; difference of the loss by the loss and L2 distance of
 * a gradient by its norm, in float64.
 */
const bounds = { logits: 1e-4, loss: 1e-9, gradients: 1e-9 };

const Comparison = z.object({
  depth: z.number(),
  variant: z.string(),
  peer: z.string(),
  missing: z.array(z.string()),
  unexpected: z.array(z.string()),
  /** Models that loaded our backbone, and keys that did not fit one of them. */
  backboneOf: z.array(z.string()),
  unfitBackbone: z.array(z.string()),
  largestLogit: z.number(),
  logits: z.number(),
  loss: z.number(),
  gradients: z.number(),
  worstGradient: z.string(),
});
type Comparison = z.output<typeof Comparison>;

const { values } = parseArgs({
  options: { depth: { type: 'string' }, json: { type: 'boolean', default: false } },
});
const cacheFolder = path.join(process.env.XDG_CACHE_HOME ?? path.join(homedir(), '.cache'), 'ringmaster');
const python = path.join(cacheFolder, 'bench/venv/bin/python');
const compareProgram = fileURLToPath(new URL('compare.py', import.meta.url));
const networks = ([18, 34, 50, 101, 152] as const)
  .filter((depth) => values.depth === undefined || values.depth === String(depth))
  .flatMap((depth) => (['A', 'B', 'C', 'D'] as const).map((variant): PeerNetwork => ({ depth, variant })));

if (networks.length === 0) {
  process.stderr.write('--depth must be 18, 34, 50, 101 or 152\n');
  process.exit(64);
}

const folder = await mkdtemp(path.join(tmpdir(), 'ringmaster-peers-'));
const peer = spawn(python, [compareProgram], { stdio: ['pipe', 'pipe', 'inherit'] });
const answers = createInterface({ input: peer.stdout })[Symbol.asyncIterator]();
const tensorflow = startTensorFlow({ threads: { intraOp: 2, interOp: 1 } });
try {
  const comparisons: Comparison[] = [];
  for (const network of networks) {
    const comparison = await compare(network);
    comparisons.push(comparison);
    if (!values.json) process.stdout.write(`${describe(comparison)}\n`);
  }
  if (values.json) process.stdout.write(`${JSON.stringify(comparisons)}\n`);
  const wrong = comparisons.filter((comparison) => faultsOf(comparison).length > 0).length;
  process.exitCode = wrong === 0 ? 0 : 1;
  if (!values.json) process.stdout.write(`${comparisons.length - wrong} equal, ${wrong} different\n`);
} finally {
  peer.stdin.end();
  if (peer.exitCode === null) await once(peer, 'close');
  await rm(folder, { recursive: true, force: true });
}

async function compare(network: PeerNetwork): Promise<Comparison> {
  const place = path.join(folder, `${network.depth}${network.variant}`);
  await computeOurs(tensorflow, network, place);
  peer.stdin.write(`${place} ${network.depth} ${network.variant}\n`);
  const answer = await answers.next();
  if (answer.done === true) throw new Error('PyTorch ended without an answer');
  await rm(place, { recursive: true });
  return Comparison.parse(JSON.parse(answer.value));
}

function describe(comparison: Comparison): string {
  const { depth, variant, peer, logits, gradients, worstGradient, backboneOf } = comparison;
  const figures = `logits ${logits.toExponential(1)}, gradients ${gradients.toExponential(1)} (${worstGradient})`;
  const backbone = backboneOf.length === 0 ? [] : [`backbone of ${backboneOf.join(', ')}`];
  return `ResNet-${depth} ${variant} and ${peer}: ${[figures, ...backbone, ...faultsOf(comparison)].join('; ')}`;
}

function faultsOf({ missing, unexpected, unfitBackbone, ...figures }: Comparison): string[] {
  const tooFar = (['logits', 'loss', 'gradients'] as const).filter(
    (name) => !(figures[name] <= bounds[name]),
  );
  return [
    ...(missing.length === 0 ? [] : [`missing ${missing.join(', ')}`]),
    ...(unexpected.length === 0 ? [] : [`unexpected ${unexpected.join(', ')}`]),
    ...(unfitBackbone.length === 0 ? [] : [`unfit in a backbone ${unfitBackbone.join(', ')}`]),
    ...tooFar.map((name) => `${name} differ by ${figures[name].toExponential(1)}, more than ${bounds[name]}`),
  ];
}
