import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { systemClock } from '../../operator/base/clock.ts';
import { openCommandLine, type CommandLine } from './fake-trainer/command-line.ts';

let line: CommandLine;
beforeEach(() => {
  line = openCommandLine();
});
afterEach(() => {
  line.dispose();
});

/** Waits until a command has written something on standard error. */
async function untilSaid(command: { stderr: () => string }, text: string) {
  await vi.waitFor(
    () => {
      expect(command.stderr()).toContain(text);
    },
    { timeout: 30_000, interval: 50 },
  );
}

describe('ringmaster run', () => {
  it('trains to the end, shows every phase, sums up and ends with 0', async () => {
    const command = line.start('run', line.writeRun('small', 'succeed'));
    expect(await command.exitCode).toBe(0);
    expect(command.stderr()).toMatch(/Pending\n(.*\n)*.*Running\n(.*\n)*.*Succeeded\n/);
    expect(command.stdout()).toMatch(/default\/small {2}Succeeded\n {2}top-1 +90\.00 %/);
    expect(command.stdout()).toContain(
      `checkpoint       ${join(line.folder, 'checkpoints-of-small', 'step-3')}`,
    );
    expect(command.stdout()).toContain('training loss, epochs 1 to 3');
    expect(command.stdout()).toContain('logs             .ringmaster/logs/default/small');
    expect(existsSync(join(line.folder, '.ringmaster/logs/default/small/small-1-0.log'))).toBe(true);
    expect(command.listeners()).toBe(0);
  });

  it('prints nothing but the final object on standard output with --output json', async () => {
    const command = line.start('run', line.writeRun('small', 'succeed'), '--output', 'json');
    expect(await command.exitCode).toBe(0);
    expect(JSON.parse(command.stdout())).toMatchObject({
      kind: 'TrainingRun',
      metadata: { name: 'small', namespace: 'default' },
      status: { phase: 'Succeeded', result: { top1: 0.9 } },
    });
    expect(command.stderr()).toContain('top-1            90.00 %');
  });

  it('trains several runs, and lists them with --output yaml', async () => {
    const files = [line.writeRun('one', 'succeed'), line.writeRun('two', 'succeed')];
    const command = line.start('run', ...files, '--quiet', '--gpus', '2', '--output', 'yaml');
    expect(await command.exitCode).toBe(0);
    expect(command.stdout()).toMatch(
      /^apiVersion: v1\nkind: List\nitems:\n(.*\n)*.*name: one\n(.*\n)*.*name: two\n/,
    );
    expect(command.stderr()).toBe('');
  });

  it('says at once who failed and why, and how the gang goes on', async () => {
    const command = line.start('run', line.writeRun('small', 'restart'));
    expect(await command.exitCode).toBe(0);
    expect(command.stderr()).toContain(
      'default/small: attempt 1 failed: RankKilled, rank 1 of small-1-0, exit code 137: rank 1 was ended by SIGKILL',
    );
    expect(command.stderr()).toContain('default/small: attempt 2 starts');
    expect(command.stdout()).toContain('restarts         1, 1 of them charged');
  });

  it('ends with the code of the trainer for a failure that would happen again', async () => {
    const command = line.start('run', line.writeRun('small', 'bad-data'), '--quiet');
    expect(await command.exitCode).toBe(65);
    expect(command.stderr()).toMatch(/^default\/small: failed: .*train-images is truncated/);
  });

  it.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)(
    'saves a checkpoint on %s, ends with %d, and the same command continues',
    async (signal, code) => {
      const file = line.writeRun('small', 'wait');
      const command = line.start('run', file);
      await untilSaid(command, 'default/small: epoch 0/3');
      command.interrupt(signal);
      expect(await command.exitCode).toBe(code);
      expect(command.stderr()).toContain('saving a checkpoint, press again to stop at once');
      expect(command.stderr()).toContain(
        'default/small is suspended at epoch 0, step 0; to continue: ringmaster run small.json\n',
      );
      const again = line.start('run', file);
      expect(await again.exitCode).toBe(0);
      expect(again.stderr()).toContain('default/small: continues from the checkpoint of step 0');
    },
  );

  it('ends the pods at once when interrupted again, whatever they are doing', async () => {
    const command = line.start('run', line.writeRun('small', 'stubborn'));
    await untilSaid(command, 'default/small: epoch 0/3');
    command.interrupt('SIGINT');
    await untilSaid(command, 'default/small: Suspending');
    await systemClock.sleep(600); // Sooner, it would count as the same Ctrl-C.
    command.interrupt('SIGINT');
    expect(await command.exitCode).toBe(130);
    expect(command.stderr()).toContain('stopping at once');
  });

  it('says that a finished run is finished, and trains it anew with --replace', async () => {
    const file = line.writeRun('small', 'succeed');
    const uid = async (...words: string[]) => {
      const command = line.start('run', file, '-o', 'json', ...words);
      expect(await command.exitCode).toBe(0);
      return /"uid": "(.*)"/.exec(command.stdout())?.[1];
    };
    const first = await uid();
    const again = line.start('run', file);
    expect(await again.exitCode).toBe(0);
    expect(again.stderr()).toBe('default/small: finished before; pass --replace to train it anew\n');
    expect(await uid()).toBe(first);
    expect(await uid('--replace')).not.toBe(first);
  });

  it('refuses a changed spec, saying what changed and how to go on', async () => {
    expect(await line.start('run', line.writeRun('small', 'succeed')).exitCode).toBe(0);
    const changed = line.start('run', line.writeRun('small', 'succeed', { epochs: 4 }));
    expect(await changed.exitCode).toBe(64);
    expect(changed.stderr()).toBe(
      [
        'ringmaster: the run default/small exists with another spec:',
        '  spec.recipe.epochs: 3 -> 4',
        'Give the new one another metadata.name, or pass --replace to delete the old one and start anew (its checkpoints stay).',
        '',
      ].join('\n'),
    );
  });

  it('refuses to share its folder with another command', async () => {
    const command = line.start('run', line.writeRun('small', 'wait'));
    await untilSaid(command, 'default/small: Pending');
    const other = line.start('get');
    expect(await other.exitCode).toBe(69);
    expect(other.stderr()).toMatch(/^ringmaster: the state folder .* is in use by process \d+/);
    command.interrupt('SIGINT');
    expect(await command.exitCode).toBe(130);
    const got = line.start('get');
    expect(await got.exitCode).toBe(0);
    expect(got.stdout()).toMatch(/^NAMESPACE {3}NAME {4}PHASE +EPOCH .*\ndefault {5}small {3}Suspended/);
  });

  it('starts nothing that could not run here', async () => {
    const command = line.start('run', line.writeRun('small', 'succeed', {}, { classes: 100 }));
    expect(await command.exitCode).toBe(64);
    expect(command.stderr()).toBe(
      'small.json:1: spec.model.classes is 100, but data.format fashion-mnist needs 10\n',
    );
    expect(existsSync(join(line.folder, '.ringmaster'))).toBe(false);
  });

  it('draws a live display on a terminal and gives the cursor back', async () => {
    const terminal = openCommandLine({ isTTY: true });
    try {
      const command = terminal.start('run', terminal.writeRun('small', 'wait'));
      await untilSaid(command, '  0 %  epoch 0/3  ');
      expect(command.stderr()).toContain('\u001b[?25l');
      command.interrupt('SIGINT');
      expect(await command.exitCode).toBe(130);
      expect(command.stderr().lastIndexOf('\u001b[?25h')).toBeGreaterThan(
        command.stderr().lastIndexOf('\u001b[?25l'),
      );
    } finally {
      terminal.dispose();
    }
  });
});
