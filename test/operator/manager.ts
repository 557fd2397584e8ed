import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isObject } from '../../operator/api/v1alpha1/wire-guards.ts';
import { startChild, type Child } from '../control-plane/child.ts';
import { until } from '../control-plane/until.ts';

/** The command line. */
export const managerProgram = fileURLToPath(new URL('../../operator/cli/main.ts', import.meta.url));

/** One line of a manager's log. */
export interface LogLine {
  readonly level: string;
  readonly msg: string;
  readonly time: string;
  readonly [field: string]: unknown;
}

/** `ringmaster manager` as a process of its own. */
export interface ManagerProcess {
  readonly name: string;
  readonly child: Child;
  /** What it has logged so far. */
  log(): Promise<LogLine[]>;
  /** Waits for a line with this message. */
  says(message: string, timeoutMs?: number): Promise<LogLine>;
  /** The text that it serves at a path. */
  get(path: string): Promise<{ code: number; text: string }>;
  /** Value of a metric, all its labels summed; labels may be given to select some. */
  metric(name: string, labels?: Readonly<Record<string, string>>): Promise<number>;
  /** Ends it as Kubernetes would, and waits until it is gone. */
  stop(): Promise<void>;
}

export interface ManagerProcessOptions {
  readonly name: string;
  readonly kubeconfig: string;
  /** Where its log goes. */
  readonly folder: string;
  readonly flags?: readonly string[];
  /** Another version's command line. Default: that of the working tree. */
  readonly program?: string;
  /** Flags of Node besides those that the chart gives it. */
  readonly nodeFlags?: readonly string[];
  /** Variables besides those of this process. */
  readonly environment?: Readonly<Record<string, string>>;
}

export async function startManager(options: ManagerProcessOptions): Promise<ManagerProcess> {
  const {
    name,
    kubeconfig,
    folder,
    flags = [],
    program = managerProgram,
    nodeFlags = [],
    environment,
  } = options;
  const logFile = join(folder, `${name}.log`);
  const child = await startChild(
    name,
    process.execPath,
    [
      // As the chart's NODE_OPTIONS has it.
      '--disable-proto=delete',
      ...nodeFlags,
      program,
      'manager',
      `--kubeconfig=${kubeconfig}`,
      `--identity=${name}`,
      '--trainer-image=trainer:test',
      '--listen=127.0.0.1:0',
      ...flags,
    ],
    logFile,
    environment,
  );

  const log = async () => {
    const text = await readFile(logFile, 'utf8');
    return text
      .split('\n')
      .filter((line) => line !== '')
      .map(toLogLine);
  };
  const says = (message: string, timeoutMs = 30_000) =>
    until(
      `"${message}" in the log of ${name}`,
      async () => {
        const line = (await log()).find(({ msg }) => msg === message);
        const end = line === undefined ? await child.ended() : undefined;
        if (end !== undefined) throw new Error(end);
        return line;
      },
      { timeoutMs },
    );
  const { port } = await says('started');
  const get = async (path: string) => {
    const response = await fetch(`http://127.0.0.1:${String(port)}${path}`);
    return { code: response.status, text: await response.text() };
  };
  return {
    name,
    child,
    log,
    says,
    get,
    metric: async (metric, labels = {}) => sumOf((await get('/metrics')).text, metric, labels),
    stop: async () => {
      child.signal('SIGTERM');
      await until(`${name} ends`, async () => ((await child.ended()) === undefined ? undefined : true));
    },
  };
}

/** What is not a line of the log, such as a stack trace of a crash, counts as an error. */
function toLogLine(line: string): LogLine {
  try {
    const value: unknown = JSON.parse(line);
    if (isObject(value) && typeof value.level === 'string' && typeof value.msg === 'string') {
      return { ...value, level: value.level, msg: value.msg, time: String(value.time) };
    }
  } catch {
    // Not JSON.
  }
  return { level: 'error', msg: line, time: '' };
}

function sumOf(text: string, metric: string, labels: Readonly<Record<string, string>>): number {
  return text
    .split('\n')
    .filter((line) => line.startsWith(`${metric}{`) || line.startsWith(`${metric} `))
    .filter((line) => Object.entries(labels).every(([key, value]) => line.includes(`${key}="${value}"`)))
    .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' ') + 1)), 0);
}
