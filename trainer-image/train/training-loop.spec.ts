import { describe, expect, it } from 'vitest';
import { resolveRecipe } from '../../operator/api/v1alpha1/presets.ts';
import { Recipe } from '../../operator/api/v1alpha1/recipe.ts';
import { systemClock } from '../../operator/base/clock.ts';
import { createLogger } from '../../operator/base/logging.ts';
import type { TrainingInput } from '../data/training-input.ts';
import { float32Tensor } from '../tensorflow/host-tensor.ts';
import { createProgressReporter } from './progress-reporter.ts';
import type { RankProgress } from './rank-protocol.ts';
import type { Replica, StepOutcome } from './replica.ts';
import type { SaveRequest } from './snapshot-writer.ts';
import { train, type TrainingOutcome } from './training-loop.ts';
import { planTraining } from './training-plan.ts';
import { untrained, type TrainingPosition } from './training-position.ts';

const stepsPerEpoch = 4;
const epochs = 3;
const batch = { images: new Float32Array(1), targets: new Float32Array(1), count: 1 };

interface Scenario {
  readonly from?: TrainingPosition;
  readonly every?: { epochs?: number; steps?: number };
  /** Asked to stop while this many steps are finished. */
  readonly stopDuring?: number;
  /** Asked to stop in the evaluation after this many steps. */
  readonly stopInEvaluationAfter?: number;
  /** Asked to stop in this call of a step, counted from 0. */
  readonly stopAtCall?: number;
  readonly lossScale?: 'dynamic' | 'none';
  /** Each of these steps overflows once for each time it is named. */
  readonly overflows?: readonly number[];
  readonly outcomeOf?: (step: number) => Partial<StepOutcome>;
  readonly validationCount?: number;
  /** What each call of a step takes by the clock. */
  readonly stepMs?: number;
}

/** Trains one rank on a replica that only keeps a list of what it was asked to do. */
async function trainOn(scenario: Scenario) {
  const calls: string[] = [];
  const saved: SaveRequest[] = [];
  const reported: RankProgress[] = [];
  const from = scenario.from ?? untrained;
  let step = from.step;
  let evaluating = false;
  let stepCalls = 0;
  let nowMs = 0;
  const clock = { ...systemClock, now: () => nowMs, monotonicMs: () => nowMs };
  const scales: (number | undefined)[] = [];
  const overflows = [...(scenario.overflows ?? [])];
  const stopRequested = () => {
    if (evaluating) return step === scenario.stopInEvaluationAfter;
    return step === scenario.stopDuring || stepCalls === scenario.stopAtCall;
  };

  const replica: Replica = {
    parameterCount: 1,
    step(_, { stopRequested: asked, lossScale }) {
      calls.push(`step ${step}`);
      stepCalls += 1;
      nowMs += scenario.stepMs ?? 0;
      scales.push(lossScale);
      const finite = overflows[0] !== step;
      if (!finite) overflows.shift();
      const outcome = { loss: 2, finite, gradientNorm: 1, correct: 0, durationMs: 1 };
      const answer = { ...outcome, stopRequested: asked, ...scenario.outcomeOf?.(step) };
      if (finite) step += 1;
      return Promise.resolve(answer);
    },
    findNotFinite: () => Promise.resolve('the gradient of fc.bias'),
    evaluate: () => Promise.resolve({ lossSum: 10, top1: 3, top5: 5, count: 10 }),
    allReduceSum(values) {
      calls.push(`evaluate ${step}`);
      evaluating = false;
      return Promise.resolve([...values]);
    },
    verifyAgreement() {
      calls.push(`verify ${step}`);
      return Promise.resolve('fingerprint');
    },
    snapshot: () => Promise.resolve([float32Tensor('fc.bias', [1], [0])]),
    restore: () => Promise.resolve(),
    close: () => Promise.resolve(),
  };
  const input: TrainingInput = {
    trainingSize: 40,
    validationSize: scenario.validationCount ?? 10,
    stepsPerEpoch,
    fingerprint: '',
    trainingBatch: () => Promise.resolve(batch),
    // eslint-disable-next-line @typescript-eslint/require-await -- one batch that is there already
    async *evaluationBatches() {
      evaluating = true;
      yield batch;
    },
    close: () => Promise.resolve(),
  };
  const recipe = resolveRecipe(
    Recipe.parse({
      ...{ epochs, batchSize: 10 },
      precision: { compute: 'float32', lossScale: scenario.lossScale ?? 'none' },
    }),
  );
  const keep = { last: 3, best: true };
  const plan = planTraining(
    { recipe, checkpoints: { uri: '/runs', every: scenario.every ?? {}, keep } },
    stepsPerEpoch,
  );
  const report = (message: RankProgress) => reported.push(message);
  const reporter = createProgressReporter({
    ...{ plan, from, leads: true, report, residentMemoryBytes: () => 1, clock },
  });
  const snapshots = {
    save(request: SaveRequest) {
      calls.push(`save ${step}${request.mustSave ? ' for sure' : ''}`);
      saved.push(request);
      return Promise.resolve();
    },
    acknowledge: () => undefined,
  };
  const log = createLogger('silent');
  let outcome: TrainingOutcome | undefined;
  let failure: unknown;
  try {
    outcome = await train({
      ...{ replica, input, plan, recipe, from, snapshots, reporter, stopRequested, clock, log },
    });
  } catch (error) {
    failure = error;
  }
  return { calls, saved, reported, scales, outcome, failure };
}

/** A checkpoint at this step, with an entry of history for each epoch that was evaluated. */
function checkpointAt(step: number, evaluatedEpochs: number): TrainingPosition {
  const history = Array.from({ length: evaluatedEpochs }, (_, index) => ({
    ...{ epoch: index + 1, trainLoss: 2, learningRate: 0.1, validationLoss: 1, top1: 0.25, top5: 0.5 },
  }));
  return { step, history, trainSeconds: 100 };
}

describe('the training loop', () => {
  it('trains all steps, evaluates each epoch, compares the ranks and always saves the end', async () => {
    const { calls, outcome, saved } = await trainOn({});
    expect(calls).toEqual([
      ...['step 0', 'step 1', 'step 2', 'step 3', 'verify 4', 'evaluate 4'],
      ...['step 4', 'step 5', 'step 6', 'step 7', 'verify 8', 'evaluate 8'],
      ...['step 8', 'step 9', 'step 10', 'step 11', 'evaluate 12', 'verify 12', 'save 12 for sure'],
    ]);
    expect(outcome).toMatchObject({ how: 'finished', result: { top1: 0.3, top5: 0.5, epochs: 3 } });
    expect(saved[0]).toMatchObject({ top1: 0.3, position: { step: 12 } });
    expect(saved[0]?.position.history.map(({ epoch }) => epoch)).toEqual([1, 2, 3]);
  });

  it('saves between epochs too, and only knows an accuracy where it evaluated', async () => {
    const { saved } = await trainOn({ every: { steps: 3 } });
    expect(saved.map(({ position, top1 }) => [position.step, top1])).toEqual([
      ...[[3, undefined] as const, [6, undefined] as const, [9, undefined] as const, [12, 0.3] as const],
    ]);
  });

  it('stops after the step in which a rank was asked to, and saves that step', async () => {
    const { calls, outcome } = await trainOn({ stopDuring: 5 });
    expect(outcome).toEqual({ how: 'stopped', step: 6 });
    expect(calls.slice(-2)).toEqual(['verify 6', 'save 6 for sure']);
  });

  it('leaves an evaluation to the next attempt when asked to stop in it', async () => {
    const { calls, outcome, saved } = await trainOn({ stopInEvaluationAfter: 8 });
    expect(outcome).toEqual({ how: 'stopped', step: 8 });
    expect(calls.at(-1)).toBe('save 8 for sure');
    expect(saved[0]?.position.history).toHaveLength(1);
    const next = await trainOn({ from: checkpointAt(8, 1) });
    expect(next.calls.slice(0, 2)).toEqual(['evaluate 8', 'step 8']);
    expect(next.saved.at(-1)?.position.history.map(({ epoch }) => epoch)).toEqual([1, 2, 3]);
  });

  it('continues at the step of its checkpoint and adds to the time of the attempts before', async () => {
    const { calls, outcome } = await trainOn({ from: checkpointAt(10, 2) });
    expect(calls[0]).toBe('step 10');
    expect(outcome?.how === 'finished' && outcome.result.trainSeconds).toBeGreaterThanOrEqual(100);
  });

  it('has nothing left to do from the checkpoint of the end', async () => {
    const { calls, outcome } = await trainOn({ from: checkpointAt(12, 3) });
    expect(calls).toEqual([]);
    expect(outcome).toMatchObject({ how: 'finished', result: { top1: 0.25 } });
  });

  it('saves the end again when its evaluation was still missing', async () => {
    const { calls } = await trainOn({ from: checkpointAt(12, 2) });
    expect(calls).toEqual(['evaluate 12', 'verify 12', 'save 12 for sure']);
  });

  it('takes a step that overflowed again with the same batch, at half the scale', async () => {
    const { calls, saved, outcome, scales } = await trainOn({
      lossScale: 'dynamic',
      overflows: [5, 5, 5],
      every: { steps: 6 },
    });
    expect(outcome).toMatchObject({ how: 'finished' });
    expect(calls.filter((call) => call === 'step 5')).toHaveLength(4);
    expect(scales.slice(4, 10)).toEqual([32_768, 32_768, 16_384, 8192, 4096, 4096]);
    expect(saved[0]?.position).toMatchObject({ step: 6, lossScale: { scale: 4096, finiteSteps: 1 } });
  });

  it('saves the scale when it is stopped between two tries of a step', async () => {
    const { saved, outcome } = await trainOn({
      lossScale: 'dynamic',
      overflows: [5, 5, 5],
      stopAtCall: 6,
    });
    expect(outcome).toEqual({ how: 'stopped', step: 5 });
    expect(saved.at(-1)?.position).toMatchObject({ step: 5, lossScale: { scale: 8192, finiteSteps: 0 } });
  });

  it('goes on with the scale and the losses of its checkpoint', async () => {
    const lossScale = { scale: 64, finiteSteps: 1999 };
    const from = { ...checkpointAt(6, 1), lossScale, epochLoss: { sum: 14, count: 2 } };
    const { saved, scales } = await trainOn({ lossScale: 'dynamic', from });
    expect(scales.slice(0, 2)).toEqual([64, 128]);
    // Two losses of 7 before, two of 2 since.
    expect(saved.at(-1)?.position.history[1]?.trainLoss).toBe(4.5);
  });

  it('knows how fast each epoch was trained, steps taken again included', async () => {
    const { saved } = await trainOn({ stepMs: 5, lossScale: 'dynamic', overflows: [4, 4, 4, 4] });
    const speeds = saved.at(-1)?.position.history.map(({ imagesPerSecond }) => imagesPerSecond);
    expect(speeds).toEqual([2000, 1000, 2000]);
  });

  it('ends when a step overflows however small the scale', async () => {
    const overflows = Array.from({ length: 20 }, () => 2);
    const { calls, failure } = await trainOn({ lossScale: 'dynamic', overflows });
    expect(failure).toHaveProperty(
      'message',
      expect.stringContaining('the gradient of fc.bias was the first'),
    );
    expect(calls.filter((call) => call === 'step 2')).toHaveLength(16);
  });

  it('ends at once when the loss is not finite, and says where', async () => {
    const { calls, failure } = await trainOn({
      outcomeOf: (step) => (step === 5 ? { loss: NaN, finite: false } : {}),
    });
    expect(failure).toMatchObject({ reason: 'Diverged' });
    expect(failure).toHaveProperty('message', expect.stringMatching(/loss NaN .* in step 6 \(epoch 1\.50\)/));
    expect(calls.at(-1)).toBe('step 5');
  });

  it('ends when the loss explodes without overflowing', async () => {
    const { failure } = await trainOn({ outcomeOf: (step) => (step === 2 ? { loss: 2e4 } : {}) });
    expect(failure).toMatchObject({ reason: 'Diverged' });
  });

  it('refuses an evaluation that did not see every image once', async () => {
    const { failure } = await trainOn({ validationCount: 11 });
    expect(failure).toHaveProperty('message', 'Evaluation saw 10 images, but the validation set has 11.');
  });

  it('reports its state, and the history when it changed', async () => {
    const { reported } = await trainOn({});
    const states = reported.map(({ state }) => state);
    expect(states.filter((state, index) => state !== states[index - 1])).toEqual([
      ...['Training', 'Evaluating', 'Training', 'Evaluating', 'Training', 'Evaluating', 'Training'],
    ]);
    expect(reported.findLast(({ history }) => history !== undefined)?.history).toHaveLength(3);
    expect(reported.at(-1)?.progress).toMatchObject({ step: 12, percent: 100, validation: { top1: 0.3 } });
  });
});
