import { trainingSweepKind } from '../v1alpha1/group.ts';
import { TrainingSweepSchema } from '../v1alpha1/training-sweep.ts';
import { column, crd } from './crd.ts';
import type { SchemaNode } from './open-api-schema.ts';

/** The CustomResourceDefinition of TrainingSweep. */
export function trainingSweepCrd(): SchemaNode {
  return crd({
    kind: trainingSweepKind,
    plural: 'trainingsweeps',
    singular: 'trainingsweep',
    shortName: 'tsweep',
    description:
      'Many training runs that together answer a question, as many at a time as the cluster takes.',
    schema: TrainingSweepSchema,
    subresources: {
      status: {},
      scale: {
        specReplicasPath: '.spec.parallelism',
        statusReplicasPath: '.status.active',
        labelSelectorPath: '.status.selector',
      },
    },
    selectableFields: ['.spec.managedBy', '.status.phase'],
    columns: [
      column('Phase', 'string', '.status.phase'),
      column('Active', 'integer', '.status.active'),
      column('Done', 'integer', '.status.counts.done'),
      column('Best', 'number', '.status.best.value'),
      column('LimitedBy', 'string', '.status.limitedBy'),
      column('Age', 'date', '.metadata.creationTimestamp'),
      column('Total', 'integer', '.status.counts.total', 1),
      column('Failed', 'integer', '.status.counts.failed', 1),
      column('Paused', 'integer', '.status.counts.paused', 1),
      column('Best trial', 'string', '.status.best.trial', 1),
      column('GPU-hours', 'number', '.status.gpuHours', 1),
    ],
  });
}
