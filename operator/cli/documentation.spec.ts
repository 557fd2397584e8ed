import { readFileSync } from 'node:fs';
import { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import type { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import { systemClock } from '../base/clock.ts';
import { makeCommands } from './commands.ts';
import { commandExitCodes } from './exit-codes.ts';
import { openProgram } from './program.ts';

const documentation = readFileSync(new URL('../../docs/commands.md', import.meta.url), 'utf8');
const silent = { write: () => undefined };

async function allCommands(): Promise<Command[]> {
  const program = await openProgram(
    {
      ...{ stdin: Readable.from([]), stdout: silent, stderr: silent },
      signals: { on: () => undefined, off: () => undefined },
      ...{ environment: {}, workingFolder: '/', isKubectlPlugin: false, clock: systemClock },
      programFolder: fileURLToPath(new URL('../..', import.meta.url)),
    },
    () => undefined,
    makeCommands,
  );
  const withThoseBelow = (command: Command): Command[] => [
    command,
    ...command.commands.flatMap(withThoseBelow),
  ];
  return program.commands.flatMap(withThoseBelow);
}

describe('docs/commands.md', () => {
  it('tells of every command and of every option', async () => {
    const untold = (await allCommands()).flatMap((command) => [
      ...(new RegExp(`\\b${command.name()}\\b`).test(documentation) ? [] : [command.name()]),
      ...command.options
        .map(({ long }) => long ?? '')
        .filter((flag) => !new RegExp(`${flag}\\b`).test(documentation))
        .map((flag) => `${command.name()} ${flag}`),
    ]);
    expect(untold).toEqual([]);
  });

  it('names no option that no command has', async () => {
    const known = new Set((await allCommands()).flatMap(({ options }) => options.map(({ long }) => long)));
    const told = [...documentation.matchAll(/(?<![\w-])--[a-z][a-z-]+/g)].map(([flag]) => flag);
    // Commander's own, and npm's.
    const others = ['--help', '--silent'];
    expect(told.filter((flag) => !known.has(flag) && !others.includes(flag))).toEqual([]);
  });

  it('lists every exit code', () => {
    for (const code of Object.values(commandExitCodes)) expect(documentation).toContain(`\n| ${code} `);
  });
});
