import type { Argument, Command, Option } from 'commander';

/** What may stand where a person has begun a word. */
export type Candidates =
  | { readonly kind: 'values'; readonly values: readonly Candidate[] }
  /** Files, which a shell completes by itself. */
  | { readonly kind: 'files' }
  /** Known only where the runs, kubeconfigs or fields are. */
  | { readonly kind: 'runs' | 'contexts' | 'fields'; readonly typed: TypedOptions };

/** A word, and what it means. */
export interface Candidate {
  readonly word: string;
  readonly meaning?: string;
}

/** Values of the options that stand before, by the name that commander gives them. */
export type TypedOptions = Readonly<Record<string, string>>;

/** Where a command line has got to: the command, its positional words, and an option that lacks its value. */
interface Progress {
  readonly command: Command;
  readonly positions: number;
  readonly lacking?: Option;
  readonly typed: TypedOptions;
}

/**
 * What may stand as the last of these words.
 * @param words those after the program's name; the last is what was typed of the word so far, perhaps nothing
 */
export function candidatesFor(program: Command, words: readonly string[]): Candidates {
  const current = words.at(-1) ?? '';
  const { command, positions, lacking, typed } = follow(program, words.slice(0, -1));
  if (lacking !== undefined) return valuesOfOption(lacking, typed);
  const [flag, ...rest] = current.split('=');
  if (current.startsWith('--') && rest.length > 0) {
    const option = findOption(command, flag ?? '');
    const found = option === undefined ? files : valuesOfOption(option, typed);
    // The shell replaces the whole word, the option's name with it.
    return found.kind === 'values' ? prefixed(found.values, `${flag ?? ''}=`) : found;
  }
  if (current.startsWith('-')) return { kind: 'values', values: optionsOf(command) };
  const subcommands = command.createHelp().visibleCommands(command);
  if (subcommands.length > 0 && positions === 0) {
    return {
      kind: 'values',
      values: subcommands.map((each) => ({ word: each.name(), meaning: each.summary() })),
    };
  }
  const known = command.registeredArguments;
  const last = known.at(-1);
  const argument = known[positions] ?? (last?.variadic === true ? last : undefined);
  return argument === undefined ? nothing : valuesOfArgument(argument, typed);
}

const files: Candidates = { kind: 'files' };
const nothing: Candidates = { kind: 'values', values: [] };

function follow(program: Command, words: readonly string[]): Progress {
  let command = program;
  let positions = 0;
  let lacking: Option | undefined;
  let typed: TypedOptions = {};
  for (const word of words) {
    if (lacking !== undefined) {
      // bash takes `--output=json` apart.
      if (word === '=') continue;
      typed = { ...typed, [lacking.attributeName()]: word };
      lacking = undefined;
    } else if (word.startsWith('-')) {
      const [flag = '', value] = word.split('=', 2);
      const option = findOption(command, flag);
      if (option === undefined || !takesValue(option)) continue;
      if (value === undefined) lacking = option;
      else typed = { ...typed, [option.attributeName()]: value };
    } else {
      const subcommand = positions > 0 ? undefined : command.commands.find((each) => each.name() === word);
      if (subcommand === undefined) positions += 1;
      else command = subcommand;
    }
  }
  return { command, positions, typed, ...(lacking === undefined ? {} : { lacking }) };
}

function findOption(command: Command, flag: string): Option | undefined {
  return command.options.find(({ long, short }) => long === flag || short === flag);
}

function takesValue({ required, optional }: Option): boolean {
  return required || optional;
}

function optionsOf(command: Command): Candidate[] {
  const options = command.createHelp().visibleOptions(command);
  return options.map(({ long, short, description }) => ({ word: long ?? short ?? '', meaning: description }));
}

function valuesOfOption({ argChoices, flags, long }: Option, typed: TypedOptions): Candidates {
  if (argChoices !== undefined) return choices(argChoices);
  if (long === '--context') return { kind: 'contexts', typed };
  return /<(file|folder)>/.test(flags) ? files : nothing;
}

function valuesOfArgument(argument: Argument, typed: TypedOptions): Candidates {
  if (argument.argChoices !== undefined) return choices(argument.argChoices);
  switch (argument.name()) {
    case 'name':
      return { kind: 'runs', typed };
    case 'field':
      return { kind: 'fields', typed };
    default:
      return files;
  }
}

function choices(words: readonly string[]): Candidates {
  return { kind: 'values', values: words.map((word) => ({ word })) };
}

function prefixed(values: readonly Candidate[], prefix: string): Candidates {
  return { kind: 'values', values: values.map((value) => ({ ...value, word: prefix + value.word })) };
}
