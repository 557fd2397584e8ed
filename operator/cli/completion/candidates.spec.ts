import { Argument, Command, Option } from 'commander';
import { describe, expect, it } from 'vitest';
import { candidatesFor } from './candidates.ts';

function program(): Command {
  return new Command('ringmaster')
    .addCommand(
      new Command('get')
        .summary('show runs')
        .argument('[name...]')
        .option('-n, --namespace <name>', 'where')
        .option('--context <name>', 'which cluster')
        .option('--kubeconfig <file>', 'whose')
        .addOption(new Option('-o, --output <format>', 'how').choices(['json', 'yaml'])),
    )
    .addCommand(new Command('run').argument('<file...>').option('--quiet', 'say nothing'))
    .addCommand(new Command('explain').argument('[field]'))
    .addCommand(new Command('shell').addArgument(new Argument('<shell>').choices(['bash'])))
    .addCommand(new Command('checkpoints').addCommand(new Command('list').argument('<uri>')))
    .addCommand(new Command('secret'), { hidden: true });
}

function words(...typed: string[]) {
  const found = candidatesFor(program(), typed);
  return found.kind === 'values' ? found.values.map(({ word }) => word) : found.kind;
}

describe('what may stand next on the command line', () => {
  it('is a command first, and a command below one that has such, but none that is hidden', () => {
    expect(words('')).toEqual(['get', 'run', 'explain', 'shell', 'checkpoints', 'help']);
    expect(words('checkpoints', '')).toEqual(['list', 'help']);
  });

  it('is an option of the command where a dash was typed', () => {
    expect(words('get', '-')).toEqual(['--namespace', '--context', '--kubeconfig', '--output', '--help']);
    expect(words('run', 'a.yaml', '--q')).toEqual(['--quiet', '--help']);
  });

  it('is a value of the option before, in each way to write it', () => {
    expect(words('get', '-o', '')).toEqual(['json', 'yaml']);
    expect(words('get', '--output', '=', 'j')).toEqual(['json', 'yaml']);
    expect(words('get', '--output=')).toEqual(['--output=json', '--output=yaml']);
    expect(words('get', '--context', '')).toBe('contexts');
    expect(words('get', '--kubeconfig', '')).toBe('files');
    expect(words('get', '--namespace', '')).toEqual([]);
  });

  it('is the name of a run, one after another, a field, a file, or nothing', () => {
    expect(words('get', '')).toBe('runs');
    expect(words('get', 'digits', 'd')).toBe('runs');
    expect(words('explain', 'trainingrun.')).toBe('fields');
    expect(words('explain', 'trainingrun', '')).toEqual([]);
    expect(words('run', '')).toBe('files');
    expect(words('checkpoints', 'list', '')).toBe('files');
    expect(words('shell', '')).toEqual(['bash']);
  });

  it('knows which cluster the options before it mean', () => {
    const found = candidatesFor(program(), ['get', '-n', 'vision', '--context=prod', '']);
    expect(found).toEqual({ kind: 'runs', typed: { namespace: 'vision', context: 'prod' } });
  });
});
