import { trainingRunKind } from '../v1alpha1/group.ts';
import { TrainingRunSchema } from '../v1alpha1/training-run.ts';
import { column, crd } from './crd.ts';
import type { SchemaNode } from './open-api-schema.ts';

/** The CustomResourceDefinition of TrainingRun. */
export function trainingRunCrd(): SchemaNode {
  return crd({
    kind: trainingRunKind,
    plural: 'trainingruns',
    singular: 'trainingrun',
    shortName: 'trun',
    description: 'One training run: a network, its data, a recipe, and the gang of pods that trains it.',
    schema: TrainingRunSchema,
    subresources: { status: {} },
    selectableFields: ['.spec.managedBy', '.status.phase'],
    columns: [
      column('Phase', 'string', '.status.phase'),
      column('Epoch', 'number', '.status.progress.epoch'),
      column('Top1', 'number', '.status.progress.validation.top1'),
      column('Img/s', 'number', '.status.progress.imagesPerSecond'),
      column('ETA', 'integer', '.status.progress.etaSeconds'),
      column('Restarts', 'integer', '.status.restarts.total'),
      column('Age', 'date', '.metadata.creationTimestamp'),
      column('Step', 'integer', '.status.progress.step', 1),
      column('Loss', 'number', '.status.progress.loss', 1),
      column('Checkpoint', 'string', '.status.checkpoint.uri', 1),
      column('Attempt', 'integer', '.status.attempt', 1),
    ],
  });
}
