import { execFile, spawnSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { trainingRunCrdFile } from '../control-plane/install-crd.ts';
import { kubectlPrograms } from '../control-plane/programs.ts';
import { startControlPlane, type ControlPlane } from '../control-plane/start.ts';
import { startKubelet, type Kubelet } from '../operator/kubelet.ts';
import { createRuns, logOf } from '../terminal/cluster-of-runs.ts';
import { installProgram } from '../terminal/installed-program.ts';
import { openTerminal } from '../terminal/terminal.ts';

const hasTmux = spawnSync('tmux', ['-V']).error === undefined;

let controlPlane: ControlPlane;
let kubelet: Kubelet;
let folder: string;
let environment: Record<string, string>;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ringmaster-terminal-'));
  controlPlane = await startControlPlane({
    crdFiles: [trainingRunCrdFile],
    components: ['controller-manager'],
    controllerManagerFlags: [
      '--controllers=serviceaccount-controller,root-ca-certificate-publisher-controller',
    ],
  });
  await createRuns(controlPlane);
  kubelet = await startKubelet(controlPlane, ['node-1'], logOf);
  environment = {
    PATH: await installProgram(folder),
    HOME: folder,
    KUBECONFIG: await controlPlane.kubeconfigFile(),
  };
  await writeFile(join(folder, 'fresh.yaml'), manifest);
  await writeFile(join(folder, 'wrong.yaml'), manifest.replace('epochs: 6', 'epoch: 0'));
});
afterAll(async () => {
  await kubelet.close();
  await controlPlane.close();
  await rm(folder, { recursive: true, force: true });
});

const manifest = `apiVersion: ringmaster.dev/v1alpha1
kind: TrainingRun
metadata: {name: fresh}
spec:
  data: {format: fashion-mnist, train: /data}
  recipe: {epochs: 6}
  checkpoints: {uri: s3://runs}
`;

/** Ages, and what else differs from run to run of this test. */
function steady(text: string): string {
  return text
    .replaceAll(/^((?:digits|letters|waiting) .*?)(?: \d+ (?:ms|s|min))+$/gm, '$1 AGE')
    .replaceAll(/\S*\/ringmaster-terminal-[^/\s]*/g, 'FOLDER');
}

/** Types a command on a terminal of so many columns, and gives what it shows when the command has ended. */
async function seen(command: string, columns: number): Promise<string> {
  const terminal = await openTerminal(['sh', '-c', `${command}; echo "[$?]"; cat`], {
    ...{ columns, rows: 50, environment, workingFolder: folder },
  });
  try {
    return steady(await terminal.shows(/^\[\d+\]$/m));
  } finally {
    await terminal.close();
  }
}

/** What a command writes where no terminal is. */
async function piped(command: string): Promise<{ stdout: string; stderr: string; code: number }> {
  return new Promise((resolve) => {
    execFile('sh', ['-c', command], { cwd: folder, env: environment }, (error, stdout, stderr) =>
      resolve({ stdout, stderr, code: typeof error?.code === 'number' ? error.code : 0 }),
    );
  });
}

const commands = [
  'ringmaster get -n vision',
  'ringmaster events -n vision',
  'ringmaster logs digits -n vision',
  'ringmaster plot digits -n vision',
  'ringmaster compare digits letters -n vision',
  'ringmaster get nothing -n vision',
  'ringmaster validate wrong.yaml',
];

describe.skipIf(!hasTmux)('the command line on a terminal', () => {
  it.each([80, 120])('shows what is asked for on %d columns', async (columns) => {
    for (let index = 0; index < commands.length; index += 2) {
      const pair = commands.slice(index, index + 2);
      const screens = await Promise.all(pair.map((command) => seen(command, columns)));
      for (const [at, screen] of screens.entries()) expect(screen).toMatchSnapshot(pair[at]);
    }
  });

  it('writes plain text without colours where no terminal is', async () => {
    const all = await Promise.all(commands.map(piped));
    for (const [index, { stdout, stderr }] of all.entries()) {
      expect(`${stdout}${stderr}`).not.toContain('\u001b');
      expect(steady(`${stdout}${stderr}`)).toMatchSnapshot(commands[index]);
    }
    expect(all.map(({ code }) => code)).toEqual([0, 0, 0, 0, 0, 64, 64]);
  });

  it.each([80, 120])('watches runs on a board of %d columns until Ctrl-C', async (columns) => {
    const options = { columns, rows: 20, environment, workingFolder: folder };
    const terminal = await openTerminal(
      ['sh', '-c', 'trap : INT; ringmaster watch -n vision; echo "[$?]"; cat'],
      options,
    );
    try {
      await terminal.shows(/letters +Succeeded/);
      await terminal.type('C-c');
      const screen = await terminal.shows(/^\[130\]$/m);
      expect(screen).toMatchSnapshot();
    } finally {
      await terminal.close();
    }
  });

  it('submits, resumes and suspends, and gives objects to programs', async () => {
    expect((await piped('ringmaster submit fresh.yaml -n vision')).stdout).toBe('vision/fresh: submitted\n');
    const resumed = await piped('ringmaster resume waiting -n vision -o json');
    expect(JSON.parse(resumed.stdout)).toMatchObject({
      metadata: { name: 'waiting' },
      spec: { suspend: false },
    });
    expect(resumed.stderr).toBe('vision/waiting: resumes\n');
    expect(await seen('ringmaster suspend waiting fresh -n vision', 80)).toBe(
      'vision/waiting: saves a checkpoint and is suspended\nvision/fresh: saves a checkpoint and is suspended\n[0]',
    );
    const watched = await piped('timeout -s INT 3 ringmaster watch -n vision -o json');
    const names = watched.stdout.split('\n').flatMap((line) => /"name":"(\w+)"/.exec(line)?.[1] ?? []);
    expect(new Set(names)).toEqual(new Set(['digits', 'letters', 'waiting', 'fresh']));
  });

  it('writes a report of a run of the cluster, with its curves and where its pods are', async () => {
    const { stdout } = await piped('ringmaster report digits -n vision -o -');
    expect(stdout).toContain('<title>vision/digits: Running</title>');
    expect(stdout).toContain('aria-label="Throughput"');
    expect(stdout).toContain('<dt>nodes</dt><dd>node-1</dd>');
  });

  it('is the same as a plug-in of kubectl, which completes it too', async () => {
    const { kubectl } = await kubectlPrograms();
    const direct = await piped('ringmaster get digits -n vision -o json');
    const plugin = await piped(`${kubectl} ringmaster get digits -n vision -o json`);
    expect(plugin.stdout).toBe(direct.stdout);
    const completions = await piped(`${kubectl} __complete ringmaster get -n vision d`);
    expect(completions.stdout).toBe('digits\tRunning\n:4\n');
  });
});
