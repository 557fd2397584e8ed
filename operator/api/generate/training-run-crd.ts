import { group, trainingRunKind, version } from '../v1alpha1/group.ts';
import { TrainingRunSchema } from '../v1alpha1/training-run.ts';
import { toOpenApiSchema, type SchemaNode } from './open-api-schema.ts';

/** A column of `kubectl get`; priority 1 shows only with `-o wide`. */
function column(name: string, type: string, jsonPath: string, priority = 0): SchemaNode {
  return { name, type, jsonPath, ...(priority === 0 ? {} : { priority }) };
}

/** The CustomResourceDefinition of TrainingRun. */
export function trainingRunCrd(): SchemaNode {
  const schema = toOpenApiSchema(TrainingRunSchema);
  const { properties, ...rest } = schema;
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `trainingruns.${group}` },
    spec: {
      group,
      scope: 'Namespaced',
      names: {
        kind: trainingRunKind,
        listKind: `${trainingRunKind}List`,
        plural: 'trainingruns',
        singular: 'trainingrun',
        shortNames: ['trun'],
        categories: ['all', 'ringmaster'],
      },
      versions: [
        {
          name: version,
          served: true,
          storage: true,
          subresources: { status: {} },
          selectableFields: [{ jsonPath: '.spec.managedBy' }, { jsonPath: '.status.phase' }],
          additionalPrinterColumns: [
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
          schema: {
            openAPIV3Schema: {
              ...rest,
              description:
                'One training run: a network, its data, a recipe, and the gang of pods that trains it.',
              properties: {
                apiVersion: { type: 'string', maxLength: 253 },
                kind: { type: 'string', maxLength: 253 },
                metadata: { type: 'object' },
                ...(typeof properties === 'object' ? properties : {}),
              },
            },
          },
        },
      ],
    },
  };
}
