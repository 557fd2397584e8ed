import { spawn } from 'node:child_process';
import { mkdirSync, readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  agentVariables,
  assignmentVariable,
  supervisorPort,
  type Assignment,
} from '../../../operator/api/trainer/environment.ts';
import { systemErrorCode } from '../../../operator/base/errors.ts';
import { ProgressDocument } from '../../../operator/api/trainer/progress.ts';
import {
  parseTerminationMessage,
  type TerminationMessage,
} from '../../../operator/api/trainer/termination-message.ts';
import { until } from '../../control-plane/until.ts';

const program = fileURLToPath(new URL('../../../trainer-image/main.ts', import.meta.url));

/** How a pod ended. */
export interface PodEnd {
  readonly exitCode: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly message: TerminationMessage | undefined;
  /** What it logged, for a failing test. */
  readonly log: string;
}

/** A trainer pod as the node agent runs it: a process group with an address of its own. */
export interface TrainerPod {
  readonly pid: number;
  readonly address: string;
  readonly folder: string;
  readonly ended: Promise<PodEnd>;
  /** Process ids of its ranks, by local rank. */
  rankPids(): number[];
  progress(): Promise<ProgressDocument | undefined>;
  get(path: string): Promise<{ readonly status: number; readonly body: string }>;
  /** Resolves when at least this many steps are finished and reported. */
  untilStep(step: number, timeoutMs?: number): Promise<ProgressDocument>;
  /** Sends a signal to the supervisor alone, or to the whole group as the node agent does. Nothing if it has ended. */
  kill(signal: NodeJS.Signals, group?: 'group'): void;
}

export interface TrainerPodOptions {
  /** The value of the assignment variable. */
  readonly assignment: Assignment | string;
  /** Folder for its temporary files and termination log. */
  readonly folder: string;
  readonly address: string;
  readonly hostsFile?: string;
  /** Where the Secret of the checkpoints is mounted. */
  readonly credentialsFolder?: string;
}

export function startTrainerPod(options: TrainerPodOptions): TrainerPod {
  const { assignment, folder, address, hostsFile, credentialsFolder } = options;
  const terminationLog = join(folder, 'termination-log');
  mkdirSync(folder, { recursive: true });
  const child = spawn(process.execPath, [program], {
    detached: true,
    stdio: ['ignore', 'ignore', 'pipe'],
    env: {
      PATH: process.env.PATH,
      TMPDIR: folder,
      [assignmentVariable]: typeof assignment === 'string' ? assignment : JSON.stringify(assignment),
      [agentVariables.podAddress]: address,
      [agentVariables.hostsFile]: hostsFile ?? join(folder, 'hosts'),
      [agentVariables.terminationLog]: terminationLog,
      ...(credentialsFolder === undefined ? {} : { [agentVariables.credentialsFolder]: credentialsFolder }),
    },
  });
  const pid = child.pid ?? 0;
  let log = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (log += text));
  const closed = Promise.withResolvers<PodEnd>();
  child.on('close', (exitCode, signal) => {
    closed.resolve(
      readFile(terminationLog, 'utf8')
        .catch(() => undefined)
        .then((text) => ({ exitCode, signal, message: parseTerminationMessage(text), log })),
    );
  });

  const get = async (path: string) => {
    const response = await fetch(`http://${address}:${supervisorPort}${path}`);
    return { status: response.status, body: await response.text() };
  };
  const progress = async () => {
    try {
      return ProgressDocument.parse(JSON.parse((await get('/progress')).body));
    } catch {
      return undefined; // Not listening yet, or not any more.
    }
  };
  return {
    pid,
    address,
    folder,
    ended: closed.promise,
    get,
    progress,
    rankPids: () => childrenOf(pid),
    untilStep: (step, timeoutMs = 60_000) =>
      until(
        `step ${step}`,
        async () => {
          const document = await progress();
          return (document?.progress?.step ?? -1) >= step ? document : undefined;
        },
        { timeoutMs },
      ),
    kill(signal, group) {
      try {
        process.kill(group === undefined ? pid : -pid, signal);
      } catch (error) {
        if (systemErrorCode(error) !== 'ESRCH') throw error; // It has ended by itself meanwhile.
      }
    },
  };
}

/** Whether a process exists and is not merely waiting to be reaped. */
export function isAlive(pid: number): boolean {
  try {
    return !readFileSync(`/proc/${pid}/stat`, 'utf8').includes(') Z ');
  } catch {
    return false;
  }
}

function childrenOf(pid: number): number[] {
  const text = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim();
  return text === '' ? [] : text.split(' ').map(Number);
}
