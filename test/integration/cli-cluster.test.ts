import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { searchManifest } from '../../operator/api/v1alpha1/testing/sweep-manifests.ts';
import { until } from '../control-plane/until.ts';
import { kubectl } from '../operator/install.ts';
import { startKubelet } from '../operator/kubelet.ts';
import { kubectlAsPlugin } from '../operator/kubectl-plugin.ts';
import { typist } from '../operator/typist.ts';
import { useGangWorld } from './gang-world.ts';

const world = useGangWorld({ controlPlane: { users: [{ name: 'stranger', groups: [] }] } });

const { start, type } = typist(world);

/** Writes the manifest of a run without a namespace. */
async function manifestFile(name: string, spec: Readonly<Record<string, unknown>> = {}): Promise<string> {
  const manifest = world().manifest(name, spec) as { metadata: { namespace?: string } };
  delete manifest.metadata.namespace;
  await writeFile(join(world().folder, `${name}.json`), JSON.stringify(manifest));
  return `${name}.json`;
}

describe('the command line on a cluster', () => {
  it('submits a run, lets the same be, and refuses another of the same name', async () => {
    const { namespace, expectedWarnings } = world();
    // The operator waits for the end of the pods of the run that was replaced.
    expectedWarnings.push(/belongs to an earlier run/);
    expect(await type(['submit', await manifestFile('digits')])).toEqual({
      exitCode: 0,
      stdout: `${namespace}/digits: submitted\n`,
      stderr: '',
    });
    expect((await type(['submit', 'digits.json'])).stdout).toBe(
      `${namespace}/digits: is there already, unchanged\n`,
    );
    const changed = await type(['submit', await manifestFile('digits', { recipe: { epochs: 7 } })]);
    expect(changed.exitCode).toBe(64);
    expect(changed.stderr).toContain('spec.recipe.epochs:');
    expect(changed.stderr).toContain('pass --replace');
    const replaced = await type(['submit', 'digits.json', '--replace', '-o', 'json']);
    expect(JSON.parse(replaced.stdout)).toMatchObject({ metadata: { name: 'digits', namespace } });
  });

  it('refuses a manifest of another namespace than asked for, and sends nothing', async () => {
    const manifest = world().manifest('elsewhere') as { metadata: object };
    const moved = { ...manifest, metadata: { name: 'elsewhere', namespace: 'other' } };
    await writeFile(join(world().folder, 'elsewhere.json'), JSON.stringify(moved));
    const { exitCode, stderr } = await type(['submit', 'elsewhere.json']);
    expect(exitCode).toBe(64);
    expect(stderr).toContain(`metadata.namespace: is not the ${world().namespace} that --namespace asks for`);
  });

  it('gets runs as a table, wide, as objects, and helps where there are none', async () => {
    const { namespace } = world();
    const none = await type(['get']);
    expect(none).toMatchObject({ exitCode: 0, stdout: '' });
    expect(none.stderr).toBe(
      `no runs in namespace ${namespace} of context test; \`ringmaster submit FILE\` starts one, -A shows those of all namespaces\n`,
    );
    await world().submitRunning('digits');
    const table = await type(['get']);
    expect(table.stdout).toMatch(/^NAME +PHASE +EPOCH .*AGE\ndigits +Running /);
    expect((await type(['get', '-o', 'wide'])).stdout).toMatch(/ATTEMPT +PODS +CHECKPOINT\n.* 1 +2\/2/);
    expect(JSON.parse((await type(['get', '-o', 'json'])).stdout)).toMatchObject({ kind: 'List' });
    expect((await type(['get', 'digits', '-o', 'yaml'])).stdout).toMatch(/^apiVersion: ringmaster\.dev/);
    const wrong = await type(['get', 'digit']);
    expect(wrong.exitCode).toBe(64);
    expect(wrong.stderr).toContain('did you mean digits?');
  });

  it('shows what happened to a run and its pods', async () => {
    await world().submitRunning('digits');
    await world().endPod('digits-1-0', { exitCode: 70 });
    await until('the operator has told it', async () =>
      (await world().events('digits')).some(({ reason }) => reason === 'RestartScheduled') ? true : undefined,
    );
    const { stdout, exitCode } = await type(['events', 'digits']);
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/^LAST SEEN +TYPE +REASON +OBJECT +(COUNT +)?NOTE\n/);
    expect(stdout).toMatch(
      / Normal +Scheduled +Pod digits-1-0 [^]* Warning +RestartScheduled +TrainingRun digits /,
    );
    expect((await type(['events', '--warnings'])).stdout).not.toMatch(/ Scheduled /);
    expect((await type(['events', 'digits', '-o', 'json'])).stdout).toMatch(/"reason": "RestartScheduled"/);
    await world().endDying('digits', '1-1');
  });

  it('suspends a run, waits until it is, and lets it go on', async () => {
    await world().submitRunning('digits');
    const suspending = await start(['suspend', 'digits', '--wait']);
    await world().endDying('digits', '1-0', '1-1');
    expect(await suspending.exitCode).toBe(0);
    expect(suspending.stdout()).toMatch(
      /digits: saves a checkpoint and is suspended\n.*digits: Suspended\n$/,
    );
    expect((await type(['suspend', 'digits'])).stdout).toMatch(/digits: is suspended already\n$/);
    expect((await type(['resume', 'digits'])).stdout).toMatch(/digits: resumes\n$/);
    await world().takeToRunning('digits', 2);
    for (const pod of ['digits-2-0', 'digits-2-1']) await world().endPod(pod);
    await world().reaches('digits', 'Succeeded');
    const late = await type(['suspend', 'digits']);
    expect(late).toMatchObject({ exitCode: 1 });
    expect(late.stderr).toMatch(/digits: has succeeded already\n$/);
  });

  it.each([80, 120])('watches all runs on a board of %d columns until Ctrl-C', async (columns) => {
    await world().submitRunning('digits');
    await world().submit('waiting', { suspend: true });
    await world().reaches('waiting', 'Suspended');
    const watching = await start(['watch'], { columns });
    await until('the board shows both', () =>
      /digits +Running[^]*waiting +Suspended/.test(watching.stdout()) ? true : undefined,
    );
    watching.interrupt();
    expect(await watching.exitCode).toBe(130);
    expect(watching.stdout()).toContain(`2 runs in namespace ${world().namespace} of context test`);
    // The cursor is given back, and the last board stays.
    const left = watching.stdout().split('\u001b[?25h')[1] ?? '';
    expect(left).toMatch(/1 Running, 1 Suspended\nNAME +PHASE +PROGRESS *\ndigits +Running/);
    for (const line of left.split('\n')) expect(line.length).toBeLessThanOrEqual(columns);
  });

  it('watches a named run to its end, as lines where no terminal is', async () => {
    await world().submitRunning('digits', { failurePolicy: { maxRestarts: 0 } });
    const watching = await start(['watch', 'digits']);
    await until('it is shown', () => (watching.stdout().includes('digits: Running') ? true : undefined));
    await world().endPod('digits-1-0', { exitCode: 65, lastWords: { reason: 'InvalidData', rank: 0 } });
    await world().endDying('digits', '1-1');
    expect(await watching.exitCode).toBe(65);
    expect(watching.stdout()).toMatch(/attempt 1 failed: InvalidData, rank 0 of digits-1-0, exit code 65/);
    expect(watching.stdout()).toMatch(/digits: Failed\n/);
  });

  it('lays runs side by side', async () => {
    await world().submit('short', { suspend: true, recipe: { epochs: 6 } });
    await world().submit('long', { suspend: true, recipe: { epochs: 9 } });
    const { stdout } = await type(['compare', 'short', 'long']);
    expect(stdout).toMatch(/spec\.recipe\.epochs +6 +9\n/);
    expect(stdout).not.toContain('spec.data.format');
    const compared = JSON.parse((await type(['compare', 'short', 'long', '-o', 'json'])).stdout) as {
      differences: object[];
    };
    expect(compared.differences).toEqual([{ field: 'spec.recipe.epochs', values: [6, 9] }]);
    expect((await type(['compare', 'short'])).exitCode).toBe(64);
  });

  it('names the verb that is missing when access is denied', async () => {
    const { namespace } = world();
    const denied = await type(['get'], { user: 'stranger' });
    expect(denied.exitCode).toBe(77);
    expect(denied.stderr).toBe(
      `ringmaster: access denied: stranger may not list trainingruns.ringmaster.dev in namespace ${namespace}; ask for a role with the verb "list" on "trainingruns.ringmaster.dev" (to check: kubectl auth can-i list trainingruns.ringmaster.dev --namespace ${namespace})\n`,
    );
    await manifestFile('digits');
    expect((await type(['submit', 'digits.json'], { user: 'stranger' })).stderr).toContain('may not get');
    const watching = await type(['watch'], { user: 'stranger', columns: 80 });
    expect(watching.exitCode).toBe(77);
  });

  it('says that the cluster is away or does not know who is asking, and which contexts there are', async () => {
    const file = await world().controlPlane.kubeconfigFile();
    const change = async (name: string, edit: (text: string) => string) => {
      const path = join(world().folder, name);
      await writeFile(path, edit(await readFile(file, 'utf8')));
      return path;
    };
    const away = await type(['get'], {
      kubeconfig: await change('away', (text) => text.replace(/127\.0\.0\.1:\d+/, '127.0.0.1:1')),
    });
    expect(away.exitCode).toBe(69);
    expect(away.stderr).toContain('the cluster of context test is away (https://127.0.0.1:1)');
    const unknown = await type(['get'], {
      kubeconfig: await change('unknown', (text) => text.replace(/"token":"[^"]*"/, '"token":"old"')),
    });
    expect(unknown.exitCode).toBe(77);
    expect(unknown.stderr).toContain('does not know you');
    expect((await type(['get', '--context', 'prod'])).stderr).toContain('no context "prod"; known: test');
    const none = await type(['get'], { kubeconfig: join(world().folder, 'missing') });
    expect(none.exitCode).toBe(69);
    expect(none.stderr).toContain('cannot be read');
  });

  it('is a plug-in of kubectl that asks the cluster', async () => {
    const { controlPlane, namespace } = world();
    const { stderr } = await kubectlAsPlugin(controlPlane, ['get', '-n', namespace]);
    expect(stderr).toContain(`no runs in namespace ${namespace} of context test`);
    expect(await kubectl(controlPlane, ['get', 'trainingruns', '-n', namespace])).toBe('');
  });
});

describe('ringmaster logs', () => {
  const said = (pod: string) => {
    const line = (second: number, fields: object) =>
      `2026-01-01T00:00:0${String(second)}.000000000Z ${JSON.stringify(fields)}\n`;
    return pod.endsWith('-0')
      ? line(1, { level: 'info', time: 'x', rank: 0, msg: 'step', loss: 2.5 }) +
          line(4, { level: 'warn', rank: 0, msg: 'slow' })
      : line(2, { level: 'info', rank: 1, msg: 'step' }) + '2026-01-01T00:00:03.000000000Z not ours\n';
  };

  it('shows all ranks in order of time, of the newest attempt or of one before', async () => {
    const kubelet = await startKubelet(world().controlPlane, ['node-1', 'node-2'], (pod) => said(pod));
    try {
      await world().submitRunning('digits');
      const { stdout, exitCode } = await type(['logs', 'digits']);
      expect(exitCode).toBe(0);
      expect(stdout.split('\n').map((line) => line.replaceAll(/ {2,}/g, '  '))).toEqual([
        '1-0 rank 0  00:00:01 info  step  loss=2.5',
        '1-1 rank 1  00:00:02 info  step',
        '1-1  not ours',
        '1-0 rank 0  00:00:04 warn  slow',
        '',
      ]);
      const json = await type(['logs', 'digits', '--rank', '1', '-o', 'json']);
      expect(JSON.parse(json.stdout)).toEqual({
        level: 'info',
        rank: 1,
        msg: 'step',
        pod: 'digits-1-1',
        attempt: 1,
      });
      const before = await type(['logs', 'digits', '--previous']);
      expect(before.stderr).toContain('there is no attempt before the first');
      const gone = await type(['logs', 'digits', '--attempt', '3']);
      expect(gone.exitCode).toBe(1);
      expect(gone.stderr).toContain('no logs of attempt 3');
    } finally {
      await kubelet.close();
    }
  });

  it('follows a run to its end, through another attempt', async () => {
    const kubelet = await startKubelet(world().controlPlane, ['node-1', 'node-2'], (pod) => said(pod));
    try {
      await world().submitRunning('digits');
      const following = await start(['logs', 'digits', '--follow']);
      await until('attempt 1 is shown', () => (following.stdout().includes('1-1') ? true : undefined));
      await world().endPod('digits-1-0', { exitCode: 70 });
      await world().endDying('digits', '1-1');
      await world().takeToRunning('digits', 2);
      await until('attempt 2 is shown', () => (following.stdout().includes('2-1') ? true : undefined));
      const before = await type(['logs', 'digits', '--previous']);
      expect(before.stdout).toMatch(/^1-0 rank 0 .* step {2}loss=2.5\n1-0 rank 0 .* slow\n$/);
      for (const pod of ['digits-2-0', 'digits-2-1']) await world().endPod(pod);
      expect(await following.exitCode, following.stderr()).toBe(0);
    } finally {
      await kubelet.close();
    }
  });

  it('says why nothing was written yet', async () => {
    await world().submit('digits', { suspend: true });
    await world().reaches('digits', 'Suspended');
    const { exitCode, stderr } = await type(['logs', 'digits']);
    expect(exitCode).toBe(1);
    expect(stderr).toContain(
      'has written anything yet; the run is Suspended; `ringmaster events digits` tells why',
    );
  });
});

describe('the command line on sweeps of a cluster', () => {
  async function sweepFile(spec: object): Promise<string> {
    const manifest = {
      ...searchManifest({ parallelism: 2, maxTrials: 2, ...spec }),
      metadata: { name: 'rates' },
    };
    await writeFile(join(world().folder, 'rates.json'), JSON.stringify(manifest));
    return 'rates.json';
  }

  it('hands a sweep over, lets the same be, extends it, and refuses another of the same name', async () => {
    const name = `${world().namespace}/rates`;
    expect(await type(['submit', await sweepFile({})])).toEqual({
      exitCode: 0,
      stdout: `${name}: submitted\n`,
      stderr: '',
    });
    expect((await type(['submit', 'rates.json'])).stdout).toBe(`${name}: is there already, unchanged\n`);
    const extended = await type(['submit', await sweepFile({ maxTrials: 3 }), '-o', 'json']);
    expect(JSON.parse(extended.stdout)).toMatchObject({ kind: 'TrainingSweep', spec: { maxTrials: 3 } });
    const other = await type(['submit', await sweepFile({ search: { seed: 7 } })]);
    expect(other.exitCode).toBe(64);
    expect(other.stderr).toContain('search cannot be changed; make a new sweep');
    expect(other.stderr).toContain('or pass --replace to start anew');
  });

  it('shows sweeps as a table, wide, as objects, and says where there are none', async () => {
    const none = await type(['get', 'sweeps']);
    expect(none.stderr).toContain(`no sweeps in namespace ${world().namespace}`);
    await type(['submit', await sweepFile({})]);
    await world().reaches('rates-1', 'Starting');
    const table = await type(['get', 'sweeps']);
    expect(table.stdout).toMatch(
      /^NAMESPACE +NAME +PHASE +ACTIVE +DONE +BEST +LIMITEDBY +AGE\ntest-\d+ +rates +Running +2 +0\/2 /,
    );
    expect((await type(['get', 'tsweep', 'rates', '-o', 'wide'])).stdout).toMatch(/GPU-HOURS +BESTTRIAL\n/);
    expect((await type(['get', 'sweep', 'rates', '-o', 'yaml'])).stdout).toContain('kind: TrainingSweep');
    expect((await type(['get', 'sweep', 'rate'])).stderr).toContain('there is no sweep "rate" in');
  });

  it('suspends a sweep, lets it go on, and shows it to its end, live on a terminal and as lines elsewhere', async () => {
    const name = `${world().namespace}/rates`;
    await type(['submit', await sweepFile({})]);
    await world().takeToRunning('rates-0', 1);
    await world().takeToRunning('rates-1', 1);
    const suspended = await start(['suspend', 'sweep', 'rates', '--wait']);
    for (const trial of ['rates-0', 'rates-1']) await world().endDying(trial, '1-0');
    expect(await suspended.exitCode).toBe(0);
    expect(suspended.stdout()).toBe(
      `${name}: has its trials save their checkpoints and is suspended\n${name}: Suspended\n`,
    );
    expect((await type(['resume', 'sweeps', 'rates'])).stdout).toBe(`${name}: resumes\n`);
    for (const trial of ['rates-0', 'rates-1']) await world().takeToRunning(trial, 2);

    const lines = await start(['watch', 'sweep', 'rates']);
    const live = await start(['sweep', 'rates'], { columns: 100 });
    await until('both show the trials', () =>
      lines.stdout().includes('rates-1  Active') && live.stdout().includes('rates-1') ? true : undefined,
    );
    for (const [trial, top1] of [
      ['rates-0', 0.8],
      ['rates-1', 0.9],
    ] as const) {
      const result = { top1, top5: 0.99, epochs: 8, trainSeconds: 60, uri: '/checkpoints' };
      await world().endPod(`${trial}-2-0`, { lastWords: { reason: 'Completed', result } });
    }
    expect(await lines.exitCode).toBe(0);
    expect(lines.stdout()).toContain('rates-0  Succeeded  epoch 8  top1 80.00');
    expect(lines.stdout()).toContain(`${name} Succeeded, 0 active, 2 of 2 done, best 0.9 (rates-1)`);
    expect(await live.exitCode).toBe(0);
    // The last state stays when the live table is gone.
    expect(live.stdout()).toMatch(/rates: Succeeded, .*\nTRIAL +PHASE .*\nrates-1 +Succeeded +8 +90\.00 /);

    const once = await type(['sweep', 'rates']);
    expect(once.exitCode).toBe(0);
    expect(once.stdout).toMatch(/^rates: Succeeded, .*\nTRIAL .*\nrates-1 .*\nrates-0 .*\n$/);
    expect(JSON.parse((await type(['sweep', 'rates', '-o', 'json'])).stdout)).toMatchObject({
      status: { phase: 'Succeeded', best: { trial: 'rates-1' } },
    });
    const csv = await type(['sweep', 'rates', '--table', 'csv']);
    expect(csv.stdout).toMatch(/^trial,phase,reason,epoch,top1,gpuHours,.*\nrates-0,Succeeded,,8,0.8,/);
    expect(await type(['suspend', 'sweep', 'rates'])).toMatchObject({
      exitCode: 1,
      stderr: `${name}: has succeeded already\n`,
    });
    expect((await type(['suspend', 'sweep'])).exitCode).toBe(64);
  });
});
