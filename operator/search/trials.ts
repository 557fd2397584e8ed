import { apiVersion, labels, managedByValue, trainingRunKind } from '../api/v1alpha1/group.ts';
import type { TrainingRunSpec } from '../api/v1alpha1/spec.ts';
import { resolveRecipe } from '../api/v1alpha1/presets.ts';
import type { TrainingRun } from '../api/v1alpha1/training-run.ts';
import type { TrainingSweep } from '../api/v1alpha1/training-sweep.ts';
import { overlayOf, withOverlay } from '../api/v1alpha1/training-sweep-settings.ts';
import { maxTrialsLimit, type TrainingSweepSpec } from '../api/v1alpha1/training-sweep-spec.ts';
import type { TrialRow } from '../api/v1alpha1/training-sweep-status.ts';
import { validateTrainingRun } from '../api/v1alpha1/validate.ts';
import type { FieldProblem } from '../api/v1alpha1/validation.ts';
import { ablationCell } from './ablation.ts';
import { gridPoint, gridSize } from './grid.ts';
import { lossOf } from './objective.ts';
import { randomPoint } from './random.ts';
import { settingsAt, type Point } from './space.ts';
import { tpePoint } from './tpe.ts';

/** Trials that a sweep has in all. */
export function trialCount({
  parameters,
  ablation,
  search,
  maxTrials = maxTrialsLimit,
}: TrainingSweepSpec): number {
  if (ablation !== undefined) return Math.min(maxTrials, ablation.rows.length * ablation.seeds.length);
  return search.algorithm === 'grid' ? Math.min(maxTrials, gridSize(parameters ?? [])) : maxTrials;
}

/** Name of the run of a trial. */
export function trialName({ metadata }: TrainingSweep, index: number): string {
  return `${metadata.name}-${index}`;
}

/**
 * Where a new trial is in the space; `undefined` in an ablation, whose cells are known from the index alone.
 * @param rows the trials so far, which only tpe looks at
 */
export function pointOf(
  spec: TrainingSweepSpec,
  index: number,
  rows: readonly TrialRow[],
): Point | undefined {
  const { parameters, search, objective } = spec;
  if (parameters === undefined) return undefined;
  switch (search.algorithm) {
    case 'grid':
      return gridPoint(parameters, index);
    case 'random':
      return randomPoint(parameters, search.seed, index);
    case 'tpe': {
      const finished = rows.filter(({ phase }) => phase === 'Succeeded' || phase === 'Stopped');
      const observations = finished.flatMap(({ point, value }) =>
        point === undefined || value === undefined ? [] : [{ point, loss: lossOf(objective, value) }],
      );
      const pending = rows.filter(({ phase }) => phase === 'Active' || phase === 'Paused');
      return tpePoint(
        parameters,
        search.seed,
        index,
        observations,
        pending.flatMap(({ point }) => (point === undefined ? [] : [point])),
      );
    }
  }
}

/** The run of a trial, or what is wrong with it when the values do not go together. */
export function trialRun(
  sweep: TrainingSweep,
  { index, point }: Pick<TrialRow, 'index' | 'point'>,
):
  | { readonly ok: true; readonly run: TrainingRun }
  | { readonly ok: false; readonly problems: readonly FieldProblem[] } {
  const { name, namespace, uid = '' } = sweep.metadata;
  const validation = validateTrainingRun({
    apiVersion,
    kind: trainingRunKind,
    metadata: {
      name: trialName(sweep, index),
      ...(namespace === undefined ? {} : { namespace }),
      labels: {
        [labels.sweep]: name,
        [labels.sweepUid]: uid,
        [labels.trial]: String(index),
        [labels.managedBy]: managedByValue,
      },
      ownerReferences: [
        {
          apiVersion: sweep.apiVersion,
          kind: sweep.kind,
          name,
          uid,
          controller: true,
          blockOwnerDeletion: true,
        },
      ],
    },
    spec: trialSpec(sweep.spec, index, point),
  });
  return validation;
}

function trialSpec(spec: TrainingSweepSpec, index: number, point: Point = []): Record<string, unknown> {
  const template: TrainingRunSpec = { ...spec.runTemplate, suspend: false };
  if (spec.ablation !== undefined)
    return withOverlay(template, ablationCell(spec.ablation, index)?.overlay ?? {});
  return settingsAt(spec.parameters ?? [], point)
    .map(overlayOf)
    .reduce<Record<string, unknown>>(withOverlay, template);
}

/** Epochs of a whole trial. */
export function epochsOf({ spec }: TrainingRun): number {
  return resolveRecipe(spec.recipe).epochs;
}
