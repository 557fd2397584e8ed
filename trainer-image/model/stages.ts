import { classifierName } from './resnet-variables.ts';

/**
 * Which part of a residual network a variable belongs to, by its name: 0 for the stem, n for `layer<n>`, and
 * undefined for the classifier.
 */
export function stageOf(variable: string): number | undefined {
  if (variable.startsWith(`${classifierName}.`)) return undefined;
  return Number(/^layer(\d+)\./.exec(variable)?.[1] ?? 0);
}

/** Stages of a network with these variables, not counting stem and classifier. */
export function stageCount(variables: readonly { readonly name: string }[]): number {
  return Math.max(...variables.map(({ name }) => stageOf(name) ?? 0));
}
