import type { ResolvedSpec } from '../../../operator/api/v1alpha1/resolved-spec.ts';
import { systemClock } from '../../../operator/base/clock.ts';
import { createLogger } from '../../../operator/base/logging.ts';
import { openTrainingInput } from '../../../trainer-image/data/training-input.ts';
import { initialValues } from '../../../trainer-image/model/initializers.ts';
import { resNet } from '../../../trainer-image/model/resnet.ts';
import type { TensorFlow } from '../../../trainer-image/tensorflow/tensorflow.ts';
import { stepSettings } from '../../../trainer-image/train/build-replica.ts';
import { createProgressReporter } from '../../../trainer-image/train/progress-reporter.ts';
import { createReplica } from '../../../trainer-image/train/replica-factory.ts';
import { train } from '../../../trainer-image/train/training-loop.ts';
import { planTraining } from '../../../trainer-image/train/training-plan.ts';
import { untrained } from '../../../trainer-image/train/training-position.ts';

export interface TrialResult {
  /** Of the validation set after the last epoch, in percent. */
  readonly top1: number;
  readonly trainSeconds: number;
}

/** Trains a spec from the beginning to the end in this process, as a rank does, and saves nothing. */
export async function runTrial(tensorflow: TensorFlow, spec: ResolvedSpec): Promise<TrialResult> {
  const { model, recipe } = spec;
  const network = resNet(model);
  const input = await openTrainingInput(
    spec,
    { rank: 0, worldSize: 1 },
    { native: () => tensorflow.native, threads: 1, storage: {} },
  );
  const replica = await createReplica({
    tensorflow,
    settings: stepSettings(network, spec, undefined),
    precision: recipe.precision.compute,
    accumulationSteps: recipe.accumulationSteps,
    initialValues: initialValues(network, { ...model, seed: recipe.seed }),
  });
  const plan = planTraining(spec, input.stepsPerEpoch);
  try {
    const outcome = await train({
      ...{ replica, input, plan, recipe, from: untrained, snapshots: undefined, clock: systemClock },
      reporter: createProgressReporter({
        ...{ plan, from: untrained, leads: true, report: () => undefined, clock: systemClock },
        residentMemoryBytes: () => 0,
      }),
      stopRequested: () => false,
      log: createLogger('silent'),
    });
    if (outcome.how === 'stopped') throw new Error('nobody asked to stop');
    return { top1: 100 * outcome.result.top1, trainSeconds: outcome.result.trainSeconds };
  } finally {
    await replica.close();
    await input.close();
  }
}
