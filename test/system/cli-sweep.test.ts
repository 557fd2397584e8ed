import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { openCommandLine, type CommandLine } from './fake-trainer/command-line.ts';

let line: CommandLine;
beforeEach(() => {
  line = openCommandLine();
});
afterEach(() => {
  line.dispose();
});

const run = (file: string) => line.start('run', file, '--gpus', '2');

describe('ringmaster run with a sweep', () => {
  it('trains every cell of its table, prints the answer, and trains only what is added to it later', async () => {
    const first = run(line.writeSweep('tricks', 'succeed', [0]));
    expect(await first.exitCode, first.stderr()).toBe(0);
    expect(first.stderr()).toMatch(/^tricks-0 {2}Active {2}baseline seed=0$/m);
    expect(first.stderr()).toMatch(/^tricks-1 {2}Succeeded {2}epoch 3 {2}top1 90\.00 {2}smooth seed=0$/m);
    expect(first.stderr()).toMatch(/^default\/tricks Succeeded, 0 active, 2 of 2 done/m);
    expect(first.stdout()).toMatch(/^ROW +TOP1 +SEEDS .*\nbaseline +90\.00 +1\nsmooth +90\.00 +1 /);

    const extended = run(line.writeSweep('tricks', 'succeed', [0, 1]));
    expect(await extended.exitCode, extended.stderr()).toBe(0);
    expect(extended.stdout()).toMatch(/baseline +90\.00 ± 0\.00 +2\n/);
    const csv = readFileSync(join(line.folder, '.ringmaster/sweeps/default/tricks/table.csv'), 'utf8');
    expect(csv.split('\n').map((row) => row.split(',').slice(0, 2).join())).toEqual([
      'trial,phase',
      ...[0, 1, 2, 3].map((index) => `tricks-${index},Succeeded`),
      '',
    ]);

    const runs = line.start('get', '--output', 'json');
    expect(await runs.exitCode).toBe(0);
    const { items } = JSON.parse(runs.stdout()) as { items: { status: { attempt: number } }[] };
    expect(items.map(({ status }) => status.attempt)).toEqual([1, 1, 1, 1]);
    const sweep = line.start('sweep', 'tricks');
    expect(await sweep.exitCode).toBe(0);
    expect(sweep.stdout()).toMatch(/^tricks: Succeeded, [^]*\n\nROW +TOP1 /);
  });

  it('has all its trials save a checkpoint on Ctrl-C, and the same command continues', async () => {
    const file = line.writeSweep('tricks', 'wait', [0]);
    const command = run(file);
    await vi.waitFor(
      () => {
        for (const trial of ['tricks-0', 'tricks-1']) {
          const log = readFileSync(
            join(line.folder, `.ringmaster/logs/default/${trial}/${trial}-1-0.log`),
            'utf8',
          );
          expect(log).toContain('begins');
        }
      },
      { timeout: 60_000, interval: 50 },
    );
    command.interrupt('SIGINT');
    expect(await command.exitCode, command.stderr()).toBe(130);
    expect(command.stderr()).toContain('saving checkpoints, press again to stop at once');
    expect(command.stdout()).toContain('to continue: ringmaster run tricks.json');
    const again = run(file);
    expect(await again.exitCode, again.stderr()).toBe(0);
    expect(again.stdout()).toMatch(/^ROW +TOP1 +SEEDS /);
  });
});
