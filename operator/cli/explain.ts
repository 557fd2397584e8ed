import { Command } from 'commander';
import { toOpenApiSchema, type SchemaNode } from '../api/generate/open-api-schema.ts';
import { nearMiss } from '../api/v1alpha1/near-miss.ts';
import { presets } from '../api/v1alpha1/presets.ts';
import { TrainingRunSchema } from '../api/v1alpha1/training-run.ts';
import { isObject } from '../api/v1alpha1/wire-guards.ts';
import { CommandError } from './command-error.ts';
import type { CommandContext } from './context.ts';
import { columnsOf } from './display/terminal-size.ts';
import { wrapWords } from './display/text.ts';

/** `ringmaster explain trainingrun.spec.recipe.labelSmoothing` */
export function explainCommand(context: CommandContext): Command {
  return new Command('explain')
    .description('Shows the meaning, type, bounds and default of a field, and the fields below it.')
    .argument('[field]', 'such as trainingrun.spec.recipe.labelSmoothing', 'trainingrun')
    .action((field: string) => {
      context.stdout.write(explainField(field, Math.min(columnsOf(context.stdout), 110)));
    });
}

/**
 * The text about a field, wrapped to `width` columns.
 * @throws CommandError naming the near miss or the known fields, when there is no such field
 */
export function explainField(field: string, width: number): string {
  const [kind = '', ...path] = field.replaceAll(/\[[^\]]*\]/g, '').split('.');
  if (!['trainingrun', 'trainingruns'].includes(kind.toLowerCase())) {
    throw new CommandError(`"${kind}" is not a kind of this program; known kinds: trainingrun`);
  }
  const node = nodeAt(path);
  const lines = [
    ['trainingrun', ...path].join('.'),
    ...indent([`type: ${describeType(node)}`, ...describeDefault(node, path)]),
    ...indent(wrapWords(describe(node), width - 2)),
  ];
  const fields = Object.entries(fieldsOf(node));
  if (fields.length > 0) lines.push('', 'fields:');
  for (const [name, child] of fields) {
    lines.push(`  ${name} <${describeType(child)}>`, ...indent(wrapWords(describe(child), width - 4), 4));
  }
  return `${lines.join('\n')}\n`;
}

/** The fields at the level of one that was typed in part, with what they mean; one that has others below it ends in a dot. */
export function fieldsFrom(typed: string): { word: string; meaning: string }[] {
  const path = typed.split('.').slice(0, -1);
  if (path.length === 0) return [{ word: 'trainingrun.', meaning: 'a run' }];
  const fields = Object.entries(fieldsOf(nodeAt(path.slice(1))));
  return fields.map(([name, node]) => ({
    word: `${[...path, name].join('.')}${Object.keys(fieldsOf(node)).length > 0 ? '.' : ''}`,
    meaning: describe(node).split(/[.;:] /, 1)[0] ?? '',
  }));
}

function nodeAt(path: readonly string[]): SchemaNode {
  let node = toOpenApiSchema(TrainingRunSchema);
  for (const [index, name] of path.entries()) {
    const fields = fieldsOf(node);
    const next = fields[name];
    if (next === undefined) {
      const known = Object.keys(fields);
      const near = nearMiss(name, known);
      const where = ['trainingrun', ...path.slice(0, index)].join('.');
      const advice =
        near === undefined ? `; known here: ${known.join(', ') || 'none'}` : `; did you mean ${near}?`;
      throw new CommandError(`${where} has no field "${name}"${advice}`);
    }
    node = next;
  }
  return node;
}

/** The fields below a node; those of a list are its items'. */
function fieldsOf(node: SchemaNode): Readonly<Record<string, SchemaNode>> {
  if (isObject(node.items)) return fieldsOf(node.items);
  if (!isObject(node.properties)) return {};
  return Object.fromEntries(
    Object.entries(node.properties).filter((entry): entry is [string, SchemaNode] => isObject(entry[1])),
  );
}

function describe(node: SchemaNode): string {
  return typeof node.description === 'string' ? node.description : '';
}

function describeType(node: SchemaNode): string {
  if (Array.isArray(node.enum)) return node.enum.map(String).join(' | ');
  if (node['x-kubernetes-int-or-string'] === true) return 'quantity';
  if (isObject(node.items)) return `list of ${describeType(node.items)}`;
  if (isObject(node.additionalProperties)) return `map of ${describeType(node.additionalProperties)}`;
  const type = typeof node.type === 'string' ? node.type : 'any';
  return type === 'integer' || type === 'number' ? `${type}${describeBounds(node)}` : type;
}

function describeBounds({ minimum, maximum, exclusiveMinimum, exclusiveMaximum }: SchemaNode): string {
  const bounds: string[] = [];
  if (typeof minimum === 'number') bounds.push(`${exclusiveMinimum === true ? 'above' : 'from'} ${minimum}`);
  if (typeof maximum === 'number') bounds.push(`${exclusiveMaximum === true ? 'below' : 'to'} ${maximum}`);
  return bounds.length === 0 ? '' : ` ${bounds.join(' ')}`;
}

/** The default, or what each preset says when the field comes from the preset. */
function describeDefault(node: SchemaNode, path: readonly string[]): string[] {
  if (node.default !== undefined) return [`default: ${JSON.stringify(node.default)}`];
  const [spec, recipe, ...rest] = path;
  if (spec !== 'spec' || recipe !== 'recipe' || Object.keys(fieldsOf(node)).length > 0) return [];
  return Object.entries(presets).flatMap(([name, preset]) => {
    const value = rest.reduce<unknown>((part, key) => (isObject(part) ? part[key] : undefined), preset);
    return value === undefined ? [] : [`default with preset ${name}: ${JSON.stringify(value)}`];
  });
}

function indent(lines: readonly string[], columns = 2): string[] {
  return lines.map((line) => `${' '.repeat(columns)}${line}`);
}
