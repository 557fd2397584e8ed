import type { ResolvedSpec } from '../../operator/api/v1alpha1/resolved-spec.ts';
import { fashionMnistFacts } from '../data/fashion-mnist-facts.ts';
import { InvalidRecipe } from './invalid-recipe.ts';

/**
 * What a valid spec asks for that this trainer cannot do: one message for each, naming field, value and what
 * to use. Empty if it can do everything. Pure, so that the command line can refuse before anything starts.
 */
export function unsupportedFeatures(spec: ResolvedSpec): string[] {
  return [...unsupportedData(spec), ...unsupportedLocations(spec)];
}

/** @throws InvalidRecipe with every message of {@link unsupportedFeatures}, if there is any */
export function requireSupported(spec: ResolvedSpec): void {
  const messages = unsupportedFeatures(spec);
  if (messages.length > 0) throw new InvalidRecipe(messages.join('; '));
}

function unsupportedData({ data, model }: ResolvedSpec): string[] {
  if (data.format !== 'fashion-mnist') {
    return [`data.format ${data.format} cannot be read yet; use fashion-mnist`];
  }
  const { classes, imageSize, channels } = fashionMnistFacts;
  const messages: string[] = [];
  const needs = (field: string, value: number, needed: number) => {
    if (value !== needed)
      messages.push(`${field} is ${value}, but data.format fashion-mnist needs ${needed}`);
  };
  needs('model.classes', model.classes, classes);
  needs('model.imageSize', model.imageSize, imageSize);
  needs('model.channels', model.channels, channels);
  if (data.augmentation === 'paper' || data.augmentation === 'gluoncv') {
    messages.push(
      `data.augmentation ${data.augmentation} changes colours, which fashion-mnist has not; use light or none`,
    );
  }
  for (const constant of ['mean', 'std'] as const) {
    const length = data.normalize?.[constant].length ?? channels;
    if (length !== channels) {
      messages.push(
        `data.normalize.${constant} has ${length} values, but the images of fashion-mnist have ${channels} channel; give ${channels}`,
      );
    }
  }
  return messages;
}

function unsupportedLocations({ data }: ResolvedSpec): string[] {
  const locations = { 'data.train': data.train, 'data.validation': data.validation };
  return Object.entries(locations)
    .filter(([, uri]) => uri?.startsWith('s3://'))
    .map(
      ([field, uri]) =>
        `${field} ${uri ?? ''} is in object storage, which is not available yet; use a folder`,
    );
}
