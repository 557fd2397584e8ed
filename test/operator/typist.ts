import { EventEmitter } from 'node:events';
import { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { systemClock } from '../../operator/base/clock.ts';
import type { CommandContext } from '../../operator/cli/context.ts';
import { makeCommands } from '../../operator/cli/commands.ts';
import { runProgram } from '../../operator/cli/program.ts';
import type { OperatorWorld } from './operator-world.ts';

/** A command that was typed. */
export interface Command {
  readonly exitCode: Promise<number>;
  readonly stdout: () => string;
  readonly stderr: () => string;
  readonly interrupt: () => void;
}

/** Who types, and where. */
export interface Terminal {
  readonly columns?: number;
  readonly user?: string;
  readonly kubeconfig?: string;
}

/** Types commands as somebody whose kubeconfig names the cluster, in the namespace of the test. */
export function typist(world: () => OperatorWorld) {
  async function start(words: readonly string[], terminal: Terminal = {}): Promise<Command> {
    const { controlPlane, namespace, folder } = world();
    let [out, err] = ['', ''];
    const { columns, user, kubeconfig } = terminal;
    const size = columns === undefined ? {} : { isTTY: true, columns, rows: 24 };
    const signals = new EventEmitter();
    const context: CommandContext = {
      stdin: Readable.from([]),
      stdout: { write: (text) => (out += text), ...size },
      stderr: { write: (text) => (err += text), ...size },
      signals,
      environment: {
        KUBECONFIG: kubeconfig ?? (await controlPlane.kubeconfigFile(user)),
        NO_COLOR: '1',
      },
      workingFolder: folder,
      isKubectlPlugin: false,
      programFolder: fileURLToPath(new URL('../..', import.meta.url)),
      clock: systemClock,
    };
    return {
      exitCode: runProgram([...words, '--namespace', namespace], context, makeCommands),
      stdout: () => out,
      stderr: () => err,
      interrupt: () => signals.emit('SIGINT'),
    };
  }

  async function type(words: readonly string[], terminal?: Terminal) {
    const command = await start(words, terminal);
    const exitCode = await command.exitCode;
    return { exitCode, stdout: command.stdout(), stderr: command.stderr() };
  }

  return { start, type };
}
