import * as z from 'zod';
import { Data } from './data.ts';
import { Model } from './model.ts';
import { Recipe } from './recipe.ts';

/**
 * A part of a run's spec that a trial may set: what decides the trained network. Where pods go and where checkpoints
 * are kept is the same for all trials of a sweep.
 */
export const Overlay = z.strictObject({
  model: optionalThroughout(Model).optional().describe('Fields of the network.'),
  data: optionalThroughout(
    Data.pick({ augmentation: true, normalize: true, crop: true, flip: true, color: true, resize: true }),
  )
    .optional()
    .describe('Fields of the data that change what the network sees.'),
  recipe: optionalThroughout(Recipe).optional().describe('Fields of the recipe.'),
});
export type Overlay = z.output<typeof Overlay>;

/** Paths below a run's spec that a parameter may vary: every field of {@link Overlay} that holds one value. */
export const tunablePaths: readonly string[] = leafPaths(Overlay, []);

/** The same fields, none of them required and none with a default, at every depth. */
function optionalThroughout(schema: z.ZodObject): z.ZodObject<Record<string, z.ZodOptional>> {
  return z.strictObject(
    Object.fromEntries(
      fieldsOf(schema).map(([name, field]) => {
        const inner = withoutWrapper(field);
        const bare = inner instanceof z.ZodObject ? optionalThroughout(inner) : inner;
        return [name, bare.optional().describe(withoutDefaultText(descriptionOf(field)))];
      }),
    ),
  );
}

function fieldsOf(schema: z.ZodObject): [string, z.ZodType][] {
  return Object.entries<unknown>(schema.shape).flatMap(([name, field]) =>
    field instanceof z.ZodType ? [[name, field]] : [],
  );
}

function withoutWrapper(schema: z.core.$ZodType): z.ZodType {
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodDefault || schema instanceof z.ZodPrefault)
    return withoutWrapper(schema.def.innerType);
  if (schema instanceof z.ZodType) return schema;
  throw new TypeError('the API is written in the classic schemas of zod');
}

function descriptionOf(schema: z.core.$ZodType): string {
  return z.globalRegistry.get(schema)?.description ?? withoutWrapper(schema).description ?? '';
}

/** What is not set stays as it is in the template, so a default has no meaning here. */
function withoutDefaultText(description: string): string {
  return description.replace(/ ?\bDefault\b.*$/s, '') || 'As in the template of the run.';
}

function leafPaths(schema: z.core.$ZodType, path: readonly string[]): string[] {
  const inner = withoutWrapper(schema);
  if (inner instanceof z.ZodObject)
    return fieldsOf(inner).flatMap(([name, field]) => leafPaths(field, [...path, name]));
  return inner instanceof z.ZodArray ? [] : [path.join('.')];
}
