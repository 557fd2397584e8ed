import type * as z from 'zod';
import { group, version } from '../v1alpha1/group.ts';
import { toOpenApiSchema, type SchemaNode } from './open-api-schema.ts';

/** A column of `kubectl get`; priority 1 shows only with `-o wide`. */
export function column(name: string, type: string, jsonPath: string, priority = 0): SchemaNode {
  return { name, type, jsonPath, ...(priority === 0 ? {} : { priority }) };
}

/** What is special about the CustomResourceDefinition of one kind. */
export interface CrdParts {
  readonly kind: string;
  readonly plural: string;
  readonly singular: string;
  readonly shortName: string;
  readonly description: string;
  readonly schema: z.ZodType;
  readonly subresources: SchemaNode;
  /** Fields that `--field-selector` knows. */
  readonly selectableFields: readonly string[];
  readonly columns: readonly SchemaNode[];
}

/** The CustomResourceDefinition of a kind. */
export function crd(parts: CrdParts): SchemaNode {
  const { kind, plural, singular, shortName, description, subresources, selectableFields, columns } = parts;
  const { properties, ...rest } = toOpenApiSchema(parts.schema);
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${plural}.${group}` },
    spec: {
      group,
      scope: 'Namespaced',
      names: {
        kind,
        listKind: `${kind}List`,
        plural,
        singular,
        shortNames: [shortName],
        categories: ['all', 'ringmaster'],
      },
      versions: [
        {
          name: version,
          served: true,
          storage: true,
          subresources,
          selectableFields: selectableFields.map((jsonPath) => ({ jsonPath })),
          additionalPrinterColumns: columns,
          schema: {
            openAPIV3Schema: {
              ...rest,
              description,
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
