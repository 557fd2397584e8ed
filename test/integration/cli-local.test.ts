import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { until } from '../control-plane/until.ts';
import { openCommandLine, type CommandLine } from '../system/fake-trainer/command-line.ts';

let line: CommandLine;
beforeAll(async () => {
  line = openCommandLine();
  const files = [line.writeRun('one', 'succeed'), line.writeRun('two', 'restart', { epochs: 4 })];
  expect(await line.start('run', ...files, '--quiet', '--gpus', '2').exitCode).toBe(0);
});
afterAll(() => line.dispose());

async function type(...words: string[]) {
  const command = line.start(...words);
  const exitCode = await command.exitCode;
  return { exitCode, stdout: command.stdout(), stderr: command.stderr() };
}

describe('the command line on runs of this machine', () => {
  it('gets them, from the folder that is here and from one that is named', async () => {
    const { stdout, exitCode } = await type('get');
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/default +one +Succeeded +3\/3 +90\.00 %/);
    // A second may pass between the two.
    const withoutAge = (table: string) => table.replaceAll(/ +\S+ s$/gm, '');
    const named = await type('get', '--dir', '.ringmaster');
    expect(withoutAge(named.stdout)).toBe(withoutAge(stdout));
    expect((await type('get', 'sweeps')).stderr).toContain('no sweeps in .ringmaster; `ringmaster run FILE`');
    const wide = await type('get', 'two', '-o', 'wide');
    expect(wide.stdout.split('\n')[0]).toMatch(/ATTEMPT +PODS +CHECKPOINT$/);
    expect((await type('get', 'three')).stderr).toContain('in .ringmaster; known: one, two\n');
  });

  it('shows the logs of the newest attempt and of the one before', async () => {
    const newest = await type('logs', 'two');
    expect(newest.exitCode, newest.stderr).toBe(0);
    const before = await type('logs', 'two', '--previous');
    expect(before.exitCode, before.stderr).toBe(0);
    expect(newest.stdout).toMatch(/^2-0 rank 0 .* info {3}attempt 2 begins\n$/);
    expect(before.stdout).toMatch(/^1-0 rank 0 .* info {3}attempt 1 begins\n$/);
    expect((await type('logs', 'two', '--attempt', '9')).stderr).toContain('(attempts here: 1, 2)');
    expect((await type('logs', 'three')).stderr).toContain('has written anything yet');
  });

  it('follows logs until Ctrl-C', async () => {
    const command = line.start('logs', 'one', '--follow');
    await until('something is shown', () => (command.stdout() === '' ? undefined : true));
    command.interrupt('SIGINT');
    expect(await command.exitCode).toBe(130);
    expect(command.stdout()).toContain('1-0 ');
  });

  it('tells what happened and lays runs side by side', async () => {
    expect((await type('events', 'two')).stdout).toMatch(/Warning +RestartScheduled +TrainingRun two /);
    expect((await type('events', 'one', '--warnings')).stderr).toContain('no events in .ringmaster');
    expect((await type('compare', 'one', 'two')).stdout).toMatch(/spec\.recipe\.epochs +3 +4\n/);
  });

  it('writes a report that needs nothing besides itself', async () => {
    const { exitCode, stdout } = await type('report', 'two', '-o', '-');
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/^<!doctype html>[^]*<title>default\/two: Succeeded<\/title>/);
    expect(stdout).toContain('RestartScheduled');
    expect(await type('report', 'one')).toMatchObject({ exitCode: 0, stdout: 'one.html\n' });
  });

  it('says what to do instead where nothing would act', async () => {
    expect(await type('watch', '--dir', '.ringmaster')).toMatchObject({ exitCode: 64 });
    expect((await type('suspend', 'one')).stderr).toContain('Ctrl-C in the `ringmaster run`');
    expect((await type('resume', 'one')).stderr).toContain('`ringmaster run FILE` with the same manifest');
    expect((await type('get', '--dir', 'a', '--context', 'b')).exitCode).toBe(64);
    const nowhere = await type('submit', 'one.json');
    expect(nowhere.exitCode).toBe(69);
    expect(nowhere.stderr).toContain('no cluster to ask: KUBECONFIG is not set');
  });
});
