import { named, type CaptureResult, type NamedTensors } from '../tensorflow/capture.ts';
import { addContributions, contributionShapes, type Contributions } from './contributions.ts';
import type { StepSettings, VariableShape } from './step-settings.ts';

/*
 * Gradient accumulation: a rank's share of the batch in several pieces, one after the other, so that the memory of one
 * piece suffices. Contributions are sums over samples divided by the size of the global batch, so the pieces just add
 * up; only batch normalisation sees a piece instead of the share.
 */

const accumulatorName = (contribution: string) => `accumulated/${contribution}`;

/** Where contributions of earlier pieces are kept within a step. */
export function accumulatorVariables(settings: StepSettings): VariableShape[] {
  return contributionShapes(settings).map(({ name, shape }) => ({ name: accumulatorName(name), shape }));
}

/** These contributions and those of the earlier pieces. */
export function withAccumulated(values: NamedTensors, local: Contributions): Contributions {
  return addContributions(
    local,
    new Map([...local.keys()].map((name) => [name, named(values, accumulatorName(name))])),
  );
}

/** Keeps contributions for the next piece. */
export function accumulate(contributions: Contributions): CaptureResult {
  const assignments = new Map([...contributions].map(([name, value]) => [accumulatorName(name), value]));
  return { outputs: [], assignments };
}
