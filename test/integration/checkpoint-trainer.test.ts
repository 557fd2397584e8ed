import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Assignment } from '../../operator/api/trainer/environment.ts';
import { exitCodes } from '../../operator/api/trainer/exit-codes.ts';
import { readCheckpoint } from '../../trainer-image/checkpoint/read-checkpoint.ts';
import { openStorage } from '../../trainer-image/storage/open-storage.ts';
import { until } from '../control-plane/until.ts';
import { writeSmallDataSet } from '../fixtures/small-data-set.ts';
import { smallSpec, type SmallSpecChanges } from '../fixtures/small-spec.ts';
import { startFaultProxy, type FaultProxy } from '../s3/fault-proxy.ts';
import { startS3Server, testKeys, type S3Server } from '../s3/server.ts';
import { startTrainerPod, type PodEnd, type TrainerPod } from '../system/trainer/trainer-pod.ts';

const evaluateProgram = fileURLToPath(new URL('../../trainer-image/evaluate.ts', import.meta.url));
const stepsPerEpoch = 16;
const every = { steps: 10 };
const keep = { last: 100, best: true };
let server: S3Server;
let proxy: FaultProxy;
let folder: string;
let running: TrainerPod[] = [];
let started = 0;
/** How a run ends that nothing disturbed, on a folder of this machine. */
let undisturbed: { readonly uri: string; readonly weightsHash: string; readonly top1: number };

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'ringmaster-checkpoint-trainer-'));
  await writeSmallDataSet(path.join(folder, 'data'), { training: 32 * stepsPerEpoch, validation: 100 });
  server = await startS3Server();
  await server.createBucket('runs');
  proxy = await startFaultProxy(server.port);
  const end = await train('undisturbed', {
    checkpoints: { uri: path.join(folder, 'undisturbed'), every, keep },
  }).ended;
  undisturbed = { ...resultOf(end), weightsHash: (await stateAt(resultOf(end).uri)).weightsHash };
});
afterEach(async () => {
  proxy.plan(() => undefined);
  for (const pod of running) pod.kill('SIGKILL', 'group');
  await Promise.all(running.map((pod) => pod.ended));
  running = [];
});
afterAll(async () => {
  await proxy.close();
  await server.close();
  await rm(folder, { recursive: true, force: true });
});

interface TrainOptions extends SmallSpecChanges {
  readonly attempt?: number;
  readonly ranks?: number;
}

/** Starts the pod of a run that trains ResNet-8 for three epochs with its checkpoints in the bucket. */
function train(run: string, { attempt = 1, ranks = 2, ...changes }: TrainOptions = {}): TrainerPod {
  started += 1;
  const spec = smallSpec({
    ...changes,
    data: { train: path.join(folder, 'data'), augmentation: 'light' },
    recipe: { epochs: 3, ...changes.recipe },
    checkpoints: {
      uri: 's3://runs/trained',
      endpoint: proxy.endpoint,
      credentials: { secretRef: { name: 's3' } },
      every,
      keep,
      ...changes.checkpoints,
    },
  });
  const assignment: Assignment = {
    ...{ namespace: 'vision', run, runUid: `uid-of-${run}`, attempt, podIndex: 0 },
    leader: `${run}-${attempt}-0.${run}`,
    spec: { ...spec, pods: 1, ranksPerPod: ranks },
  };
  const pod = startTrainerPod({
    assignment,
    folder: path.join(folder, `pod-${started}`),
    address: `127.78.${process.pid % 250}.${started}`,
    credentialsFolder: server.credentialsFolder,
  });
  running.push(pod);
  return pod;
}

function resultOf({ exitCode, message, log }: PodEnd): { readonly uri: string; readonly top1: number } {
  expect(exitCode, log).toBe(exitCodes.success);
  const result = message?.result;
  if (result === undefined) throw new Error(`no result: ${log}`);
  return result;
}

async function stateAt(uri: string) {
  const access = { endpoint: server.endpoint, credentialsFolder: server.credentialsFolder };
  return (await readCheckpoint(openStorage(uri, access), '')).state;
}

const folderName = (step: number) => `step-${String(step).padStart(12, '0')}`;
const stepOf = (uri: string, step: number) => `${path.posix.dirname(uri)}/${folderName(step)}`;

describe('a trainer with its checkpoints in a bucket', () => {
  it('that is killed, on a store that is often busy, ends with the very weights of an undisturbed run', async () => {
    // Long enough to be in its midst when the first checkpoint is stored, also on a fast machine.
    const long: TrainOptions = { recipe: { epochs: 60 }, checkpoints: { every: { steps: 200 } } };
    const unhurried = resultOf(await train('unhurried', long).ended);
    proxy.plan((_, index) => (index % 4 === 3 ? { kind: 'slow-down' } : undefined));
    const first = train('killed', long);
    await until('a checkpoint', async () => (await first.progress())?.checkpoint, { timeoutMs: 60_000 });
    const [rank] = first.rankPids();
    if (rank === undefined) throw new Error('no rank runs any more');
    process.kill(rank, 'SIGKILL');
    const { message } = await first.ended;
    expect(message).toMatchObject({ reason: 'RankKilled' });
    expect(message?.checkpoint?.step).toBeLessThan(960);
    const second = await train('killed', { ...long, attempt: 2 }).ended;
    const state = await stateAt(resultOf(second).uri);
    const { weightsHash } = await stateAt(unhurried.uri);
    expect(state).toMatchObject({ weightsHash, attempt: 2, step: 960 });
    const store = ['--endpoint', proxy.endpoint, '--credentials', server.credentialsFolder];
    const evaluated = await promisify(execFile)(process.execPath, [
      evaluateProgram,
      resultOf(second).uri,
      ...store,
    ]);
    expect(JSON.parse(evaluated.stdout)).toMatchObject({ top1: resultOf(second).top1, step: 960 });
    expect(second.log).toContain('training continues');
  });

  it('saves its last words while the store hangs for a moment', async () => {
    const pod = train('hung-store', { recipe: { epochs: 1000 } });
    await pod.untilStep(2);
    server.pause();
    pod.kill('SIGTERM', 'group');
    try {
      await until('the wish to stop', async () => {
        const document = await pod.progress();
        return document?.state === 'Stopping' ? document : undefined;
      });
    } finally {
      server.resume();
    }
    const { exitCode, message, log } = await pod.ended;
    expect(exitCode, log).toBe(exitCodes.terminated);
    expect(message?.checkpoint?.step).toBe(message?.step);
    expect(await stateAt(message?.checkpoint?.uri ?? '')).toMatchObject({ step: message?.step });
  });

  it('shows its keys nowhere', async () => {
    const pod = train('canary');
    const document = await pod.untilStep(1);
    const environments = [pod.pid, ...pod.rankPids()].map((pid) => readFile(`/proc/${pid}/environ`, 'utf8'));
    const metrics = (await pod.get('/metrics')).body;
    const environment = (await Promise.all(environments)).join('\n');
    const end = await pod.ended;
    const state = JSON.stringify(await stateAt(resultOf(end).uri));
    for (const key of [testKeys.accessKeyId, testKeys.secretAccessKey]) {
      for (const text of [environment, metrics, JSON.stringify(document), JSON.stringify(end), state]) {
        expect(text).not.toContain(key);
      }
    }
  });

  it('says what to do when it may not write there', async () => {
    proxy.plan(({ method }) => (method === 'PUT' ? { kind: 'denied' } : undefined));
    const { exitCode, message, log } = await train('denied').ended;
    expect(exitCode, log).toBe(exitCodes.checkpointFailed);
    expect(message).toMatchObject({ reason: 'CheckpointFailed' });
    expect(message?.message).toContain('permission was refused');
  });
});

describe('a run that continues a checkpoint of another', () => {
  it('ends with the very weights that the other would have had', async () => {
    const end = await train('continued', { resumeFrom: stepOf(undisturbed.uri, 20) }).ended;
    const { uri } = resultOf(end);
    expect(uri).toContain('s3://runs/trained/vision/continued/uid-of-continued/');
    expect(await stateAt(uri)).toMatchObject({
      weightsHash: undisturbed.weightsHash,
      history: [{ epoch: 1 }, { epoch: 2 }, { epoch: 3 }],
    });
  });

  it('may have another number of ranks, and does not depend on the other any more', async () => {
    const resumeFrom = stepOf(undisturbed.uri, 30);
    proxy.plan(({ url }) => (url.includes(folderName(48)) ? { kind: 'stalled' } : undefined));
    const first = train('fewer', { ranks: 1, resumeFrom });
    await until('a checkpoint', async () => (await first.progress())?.checkpoint, { timeoutMs: 60_000 });
    first.kill('SIGKILL', 'group');
    await first.ended;
    proxy.plan(() => undefined);
    const end = await train('fewer', { ranks: 1, resumeFrom: '/gone', attempt: 2 }).ended;
    expect(await stateAt(resultOf(end).uri)).toMatchObject({ step: 48, worldSize: 1, attempt: 2 });
  });

  it('is refused with the field that does not fit', async () => {
    const { exitCode, message } = await train('unfit', {
      resumeFrom: stepOf(undisturbed.uri, 20),
      recipe: { labelSmoothing: 0 },
    }).ended;
    expect(exitCode).toBe(exitCodes.invalidRecipe);
    expect(message).toMatchObject({ reason: 'IncompatibleCheckpoint' });
    expect(message?.message).toContain('recipe.labelSmoothing was');
  });
});

describe('a run that continues with another recipe', () => {
  it('does so when it was asked to, and counts steps on', async () => {
    const changes = { resumeFrom: stepOf(undisturbed.uri, 40), recipe: { labelSmoothing: 0 } };
    const end = await train('asked', { ...changes, resumeWithChanges: ['recipe.labelSmoothing'] }).ended;
    expect(end.log).toContain('changes that were asked for');
    const state = await stateAt(resultOf(end).uri);
    expect(state).toMatchObject({ step: 48, history: [{ epoch: 1 }, { epoch: 2 }, { epoch: 3 }] });
    expect(state.spec.recipe.labelSmoothing).toBe(0);
    expect(state.weightsHash).not.toBe(undisturbed.weightsHash);
  });
});

describe('a run that starts from pretrained weights', () => {
  const learningRate = { ...smallSpec().recipe.learningRate, base: 1e-9, warmupEpochs: 0 };

  it('is at once as good as they are, and begins at step 0', async () => {
    const pretrained = `${undisturbed.uri}/model.safetensors`;
    const end = await train('tuned', { model: { pretrained }, recipe: { epochs: 1, learningRate } }).ended;
    const { uri, top1 } = resultOf(end);
    expect(Math.abs(top1 - undisturbed.top1)).toBeLessThanOrEqual(0.05);
    expect(await stateAt(uri)).toMatchObject({ step: 16, history: [{ epoch: 1 }] });
  });

  it('is refused with the tensor that does not fit', async () => {
    const end = await train('unfit-weights', { model: { depth: 14, pretrained: undisturbed.uri } }).ended;
    expect(end.message).toMatchObject({ reason: 'IncompatibleCheckpoint' });
    expect(end.message?.message).toContain('it lacks layer1.1.conv1.weight');
  });
});
