import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { installProgram } from '../terminal/installed-program.ts';
import { openTerminal } from '../terminal/terminal.ts';

const has = (program: string) => spawnSync(program, ['--version']).error === undefined;
const hasTmux = spawnSync('tmux', ['-V']).error === undefined;

/** A folder in which two runs were trained, and what a person has there. */
const workingFolder = mkdtempSync(join(tmpdir(), 'ringmaster-completion-'));
let environment: Record<string, string> = {};
beforeAll(async () => {
  for (const run of ['digits', 'letters'])
    mkdirSync(join(workingFolder, '.ringmaster/logs/default', run), { recursive: true });
  mkdirSync(join(workingFolder, '.ringmaster/state'));
  writeFileSync(join(workingFolder, 'digits.yaml'), '');
  environment = { PATH: await installProgram(workingFolder), HOME: workingFolder };
});
afterAll(() => rmSync(workingFolder, { recursive: true, force: true }));

/** Types what stands before each Tab into a shell, and gives its line when it has become what is awaited. */
async function completed(shell: readonly string[], begin: string, ...steps: (readonly [string, RegExp])[]) {
  const terminal = await openTerminal(shell, { columns: 200, rows: 30, environment, workingFolder });
  try {
    await terminal.type(`${begin}; echo ready`, 'Enter');
    await terminal.shows(/^ready$/m);
    for (const [text, awaited] of steps) {
      await terminal.type(text, 'Tab');
      await terminal.shows(awaited);
    }
  } finally {
    await terminal.close();
  }
}

/** In every shell: a command, an option, a value, a run, and a file. */
const steps = [
  ['ringmaster eve', /ringmaster events $/m],
  ['--warn', /ringmaster events --warnings $/m],
  ['-o js', /ringmaster events --warnings -o json $/m],
  ['dig', /ringmaster events --warnings -o json digits $/m],
  ['; ringmaster explain trainingrun.spec.rec', /; ringmaster explain trainingrun\.spec\.recipe\.$/m],
  ['seed; ringmaster validate dig', /recipe\.seed; ringmaster validate digits\.yaml $/m],
] as const;

describe('ringmaster completion', () => {
  it.skipIf(!hasTmux)('teaches bash', () =>
    completed(
      ['bash', '--norc', '--noprofile'],
      'PS1="> "; source <(ringmaster completion bash)',
      ...steps.map(([text, awaited]) => [text, trimmed(awaited)] as const),
    ),
  );

  it.skipIf(!hasTmux || !has('zsh'))('teaches zsh', () =>
    completed(
      ['zsh', '--no-rcs'],
      'PS1="> "; autoload -Uz compinit && compinit -u -D; source <(ringmaster completion zsh)',
      ...steps.map(([text, awaited]) => [text, trimmed(awaited)] as const),
    ),
  );

  it.skipIf(!has('fish'))('teaches fish', () => {
    const lines = [
      'ringmaster eve',
      'ringmaster events --warn',
      'ringmaster get ',
      'ringmaster validate dig',
    ];
    const script = [
      'ringmaster completion fish | source',
      ...lines.map((line) => `complete -C '${line}'`),
    ].join('; ');
    const options = { cwd: workingFolder, env: environment, encoding: 'utf8' } as const;
    expect(execFileSync('fish', ['--no-config', '-c', script], options).split('\n')).toEqual([
      'events\tshow what happened to runs and their pods',
      '--warnings\tonly what went wrong',
      ...['digits', 'letters'],
      expect.stringMatching(/^digits\.yaml/),
      '',
    ]);
  });
});

/** Blanks at the end of a line are not to be seen on a terminal. */
function trimmed({ source }: RegExp): RegExp {
  return new RegExp(source.replace(/ \$$/, '$'), 'm');
}
