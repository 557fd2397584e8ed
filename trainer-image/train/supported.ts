import type { ResolvedSpec } from '../../operator/api/v1alpha1/resolved-spec.ts';
import { fashionMnistFacts } from '../data/fashion-mnist-facts.ts';
import { InvalidRecipe } from './invalid-recipe.ts';

/**
 * What a valid spec asks for that this trainer cannot do: one message for each, naming field, value and what
 * to use. Empty if it can do everything. Pure, so that the command line can refuse before anything starts.
 */
export function unsupportedFeatures(spec: ResolvedSpec): string[] {
  return spec.data.format === 'fashion-mnist' ? unsupportedFashionMnist(spec) : unsupportedImages(spec);
}

/** @throws InvalidRecipe with every message of {@link unsupportedFeatures}, if there is any */
export function requireSupported(spec: ResolvedSpec): void {
  const messages = unsupportedFeatures(spec);
  if (messages.length > 0) throw new InvalidRecipe(messages.join('; '));
}

function unsupportedFashionMnist({ data, model }: ResolvedSpec): string[] {
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
  messages.push(...unfitNormalization(data, channels));
  const locations = { 'data.train': data.train, 'data.validation': data.validation };
  for (const [field, uri] of Object.entries(locations)) {
    if (uri?.startsWith('s3://') === true) {
      messages.push(`${field} ${uri} is in object storage, which fashion-mnist cannot be; use a folder`);
    }
  }
  return messages;
}

function unsupportedImages({ data, model }: ResolvedSpec): string[] {
  const messages = unfitNormalization(data, 3);
  if (model.channels !== 3) {
    messages.push(`model.channels is ${model.channels}, but images of data.format ${data.format} have 3`);
  }
  if (data.augmentation === 'light') {
    messages.push(
      `data.augmentation light is for fashion-mnist; use paper, gluoncv or none, and data.crop or data.flip to change a part`,
    );
  }
  if (data.resize !== undefined && data.resize < model.imageSize) {
    messages.push(
      `data.resize is ${data.resize}, which is less than model.imageSize ${model.imageSize}, the square that is cut out; make it larger`,
    );
  }
  return messages;
}

function unfitNormalization({ normalize, format }: ResolvedSpec['data'], channels: number): string[] {
  return (['mean', 'std'] as const).flatMap((constant) => {
    const length = normalize?.[constant].length ?? channels;
    return length === channels
      ? []
      : `data.normalize.${constant} has ${length} values, but the images of ${format} have ${channels} channel${channels === 1 ? '' : 's'}; give ${channels}`;
  });
}
