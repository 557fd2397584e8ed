import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { shippedCrdFiles } from '../control-plane/install-crd.ts';
import { kubectlPrograms } from '../control-plane/programs.ts';
import { startControlPlane, type ControlPlane } from '../control-plane/start.ts';
import { startKubelet, type Kubelet } from '../operator/kubelet.ts';
import { createRuns, logOf } from '../terminal/cluster-of-runs.ts';
import { everyCommand, type CommandLine } from '../terminal/every-command.ts';
import { writeFolderOfWork } from '../terminal/folder-of-work.ts';
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
    crdFiles: shippedCrdFiles,
    components: ['controller-manager'],
    controllerManagerFlags: [
      '--controllers=serviceaccount-controller,root-ca-certificate-publisher-controller',
    ],
    users: [{ name: 'reader', groups: [] }],
  });
  await createRuns(controlPlane);
  kubelet = await startKubelet(controlPlane, ['node-1'], logOf);
  await writeFolderOfWork(folder);
  environment = {
    PATH: await installProgram(folder, (await kubectlPrograms()).kubectl),
    HOME: folder,
    KUBECONFIG: await controlPlane.kubeconfigFile(),
    // No cloud is asked for credentials: s3://runs cannot be read from here.
    AWS_EC2_METADATA_DISABLED: 'true',
  };
});
afterAll(async () => {
  await kubelet.close();
  await controlPlane.close();
  await rm(folder, { recursive: true, force: true });
});

/** What is shown without what differs from one time that this is run to the next. */
function steady(text: string, { measures }: Partial<CommandLine> = {}): string {
  const aged = text.replaceAll(/^((?:digits|letters|waiting|vision) .*?)(?: \d+ (?:ms|s|min))+$/gm, '$1 AGE');
  if (measures !== true) return aged;
  return text
    .replaceAll(folder, 'FOLDER')
    .replaceAll(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, 'UID')
    .replaceAll(/[0-9a-f]{64}/g, 'SHA')
    .replaceAll(/(threads? a rank,).*/g, '$1 PROCESSOR')
    .replaceAll(/(\d+ (ms|s|min) ?)+\b/g, 'TIME')
    .replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, 'TIMESTAMP')
    .replaceAll(/^.*[┤┼].*\n/gm, '')
    .replaceAll(/\d+(?:[.,:]\d+)*/g, '#')
    .replaceAll(/ {2,}/g, '  ');
}

/** Types a command on a terminal of so many columns, and gives what it shows when the command has ended. */
async function seen(
  program: string,
  { line, interruptedAt, measures }: CommandLine,
  columns: number,
): Promise<string> {
  const terminal = await openTerminal(['sh', '-c', `trap : INT; ${program} ${line}; echo "[$?]"; cat`], {
    ...{ columns, rows: 60, joinsLines: measures === true, environment, workingFolder: folder },
  });
  try {
    if (interruptedAt !== undefined) {
      await terminal.shows(interruptedAt);
      await terminal.type('C-c');
    }
    return (await terminal.shows(/^\[\d+\]$/m)).replaceAll('^C', '');
  } finally {
    await terminal.close();
  }
}

/** What a command writes where no terminal is. */
async function piped(
  line: string,
  { interruptedAt, ...more }: { interruptedAt?: RegExp; KUBECONFIG?: string } = {},
) {
  const child = spawn('sh', ['-c', `exec ${line}`], {
    cwd: folder,
    env: { ...environment, ...more },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let [stdout, stderr] = ['', ''];
  let isInterrupted = false;
  const interrupt = () => {
    // Once: a second signal may find the program past the handlers of its first.
    if (isInterrupted || interruptedAt?.test(`${stdout}${stderr}`) !== true) return;
    isInterrupted = child.kill('SIGINT');
  };
  child.stdout.on('data', (text: Buffer) => (stdout += text.toString())).on('data', interrupt);
  child.stderr.on('data', (text: Buffer) => (stderr += text.toString())).on('data', interrupt);
  const [code] = (await once(child, 'close')) as [number | null];
  return { stdout, stderr, code };
}

/** As many at a time as this machine is used to, in order. */
async function eachOf<Item>(items: readonly Item[], act: (item: Item) => Promise<void>): Promise<void> {
  const left = [...items];
  const work = async () => {
    for (let item = left.shift(); item !== undefined; item = left.shift()) await act(item);
  };
  await Promise.all([work(), work(), work()]);
}

/** Whether a command shows what it should. */
function check(command: CommandLine, text: string): void {
  if (command.shows === undefined) expect(steady(text, command)).toMatchSnapshot(command.line);
  else expect(text, command.line).toMatch(command.shows);
}

const allLines = Object.values(everyCommand).flat();

describe.skipIf(!hasTmux)('the command line on a terminal', () => {
  beforeAll(async () => {
    const trained = await seen('ringmaster', { line: 'run small.yaml --dir here', exitCode: 0 }, 80);
    expect(trained).toMatch(/default\/small +Succeeded\n +top-1 +[\d.]+ %\n/);
    expect(trained).toMatch(/\[0\]$/);
  });

  it('is tried with every command that there is', async () => {
    const { stdout } = await piped('ringmaster --help');
    const listed = stdout.slice(stdout.indexOf('Commands:')).matchAll(/^ {2}([a-z]+)/gm);
    const names = [...listed].map(([, name]) => name).filter((name) => name !== 'help');
    expect(Object.keys(everyCommand)).toEqual(names);
  });

  it.each([
    [80, 'ringmaster'],
    [120, 'kubectl ringmaster'],
  ] as const)('shows what is asked for on %d columns, typed as %s', async (columns, program) => {
    await eachOf(allLines, async (command) => {
      const screen = await seen(program, command, columns);
      expect(screen, command.line).toMatch(new RegExp(`^\\[${command.exitCode}\\]$`, 'm'));
      check(command, screen.slice(0, screen.lastIndexOf('[')));
    });
  });

  it('writes plain text without colours where no terminal is', async () => {
    await eachOf(allLines, async (command) => {
      const { stdout, stderr, code } = await piped(`ringmaster ${command.line}`, command);
      expect(code, command.line).toBe(command.exitCode);
      expect(`${stdout}${stderr}`).not.toContain('\u001b');
      check(command, `${stdout}${stderr}`);
    });
  });

  it('submits, resumes and suspends, and gives objects to programs', async () => {
    expect((await piped('ringmaster submit fresh.yaml -n vision')).stdout).toBe('vision/fresh: submitted\n');
    const resumed = await piped('ringmaster resume waiting -n vision -o json');
    expect(JSON.parse(resumed.stdout)).toMatchObject({
      metadata: { name: 'waiting' },
      spec: { suspend: false },
    });
    expect(resumed.stderr).toBe('vision/waiting: resumes\n');
    expect(await seen('ringmaster', { line: 'suspend waiting fresh -n vision', exitCode: 0 }, 80)).toBe(
      'vision/waiting: saves a checkpoint and is suspended\nvision/fresh: saves a checkpoint and is suspended\n[0]',
    );
    const watched = await piped('ringmaster watch -n vision -o json', { interruptedAt: /"name":"waiting"/ });
    const names = watched.stdout.split('\n').flatMap((line) => /"name":"(\w+)"/.exec(line)?.[1] ?? []);
    expect(new Set(names)).toEqual(new Set(['digits', 'letters', 'waiting', 'fresh']));
  });

  it('writes a report of a run of the cluster, with its curves and where its pods are', async () => {
    const { stdout } = await piped('ringmaster report digits -n vision -o -');
    expect(stdout).toContain('<title>vision/digits: Running</title>');
    expect(stdout).toContain('aria-label="Throughput"');
    expect(stdout).toContain('<dt>nodes</dt><dd>node-1</dd>');
  });

  it('writes a report of a run of this machine, with what is needed to get the same again', async () => {
    const { code } = await piped('ringmaster report small --dir here -o with-all.html');
    expect(code).toBe(0);
    const page = await readFile(join(folder, 'with-all.html'), 'utf8');
    for (const what of [
      /<dt>TensorFlow<\/dt><dd>\d+\.\d+\.\d+/,
      /<dt>Node<\/dt><dd>\d+\.\d+\.\d+/,
      /<dt>threads<\/dt><dd>\d+ a rank/,
      /<dt>data<\/dt><dd>SHA-256 [0-9a-f]{64}/,
      /<dt>weights<\/dt><dd>SHA-256 [0-9a-f]{64}/,
      /<dt>precision<\/dt><dd>float32/,
      /<dt>seed<\/dt><dd>0/,
    ])
      expect(page).toMatch(what);
  });

  it('names the verb that is missing where pods and events are denied, and goes on without them', async () => {
    const rights = '/apis/rbac.authorization.k8s.io/v1';
    const rules = [
      {
        apiGroups: ['ringmaster.dev'],
        resources: ['trainingruns', 'trainingsweeps'],
        verbs: ['get', 'list'],
      },
    ];
    await controlPlane.fetch('POST', `${rights}/clusterroles`, { metadata: { name: 'reads-runs' }, rules });
    await controlPlane.fetch('POST', `${rights}/clusterrolebindings`, {
      metadata: { name: 'reads-runs' },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'reads-runs' },
      subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: 'reader' }],
    });
    const KUBECONFIG = await controlPlane.kubeconfigFile('reader');
    const report = await piped('ringmaster report digits -n vision -o -', { KUBECONFIG });
    expect(report.code).toBe(0);
    expect(report.stdout).toContain('<title>vision/digits: Running</title>');
    for (const what of ['the events', 'logs of pods', 'nodes and images of pods'])
      expect(report.stderr).toContain(`${what} cannot be read: access denied: reader may not list`);
    expect(report.stderr).toContain('ask for a role with the verb "list" on "pods"');
    const plot = await piped('ringmaster plot digits -n vision', { KUBECONFIG });
    expect(plot.stderr).toMatch(/^logs of pods cannot be read: access denied: reader may not list pods/);
    expect(plot.stderr).toContain('none of the 3 epochs of vision/digits can be read from here');
    expect(plot.code).toBe(1);
    const compare = await piped('ringmaster compare digits letters -n vision', { KUBECONFIG });
    expect(compare).toMatchObject({ code: 0, stderr: '' });
  });

  it('is completed by kubectl as its plug-in', async () => {
    const completions = await piped('kubectl __complete ringmaster get -n vision d');
    expect(completions.stdout).toBe('digits\tRunning\n:4\n');
  });
});
