import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { until } from '../control-plane/until.ts';

const exec = promisify(execFile);

/** A terminal as a person has one before them: tmux draws it and tells what is to be seen. */
export interface Terminal {
  /** Types characters as they are; `Enter`, `Tab` and `C-c` are keys when they stand alone. */
  type(...keys: readonly string[]): Promise<void>;
  /** What stands on it now, without the blank ends of lines and of the screen. */
  screen(): Promise<string>;
  /** Waits until something stands on it, and gives all that does. */
  shows(what: RegExp): Promise<string>;
  close(): Promise<void>;
}

export interface TerminalOptions {
  readonly columns: number;
  readonly rows: number;
  /** Whether a line that the terminal broke is given as the one that was written. */
  readonly joinsLines?: boolean;
  readonly environment: Readonly<Record<string, string>>;
  readonly workingFolder: string;
}

/** Commands may train a little, on machines that are busy. */
const patienceMs = 180_000;

/** Opens a terminal on which a program runs; closing it ends the program. */
export async function openTerminal(program: readonly string[], options: TerminalOptions): Promise<Terminal> {
  const { columns, rows, joinsLines = false, environment, workingFolder } = options;
  const folder = await mkdtemp(join(tmpdir(), 'ringmaster-terminal-'));
  // A server of its own: no other terminal is touched, and with its socket it is gone.
  const tmux = async (...words: readonly string[]) =>
    (await exec('tmux', ['-S', join(folder, 'socket'), '-f', '/dev/null', ...words])).stdout;
  const variables = Object.entries({ TERM: 'screen-256color', LANG: 'C.UTF-8', ...environment });
  const words = ['env', '-i', ...variables.map(([name, value]) => `${name}=${value}`), ...program];
  await exec(
    'tmux',
    [
      ...['-S', join(folder, 'socket'), '-f', '/dev/null', '-u', 'new-session', '-d'],
      ...['-x', String(columns), '-y', String(rows), '-c', workingFolder, '--', ...words],
    ],
    { env: { ...process.env, LANG: 'C.UTF-8' } },
  );
  const screen = async () =>
    (await tmux('capture-pane', '-p', ...(joinsLines ? ['-J'] : [])))
      .split('\n')
      .map((line) => line.trimEnd())
      .join('\n')
      .trimEnd();
  return {
    screen,
    type: async (...keys) => {
      for (const key of keys) {
        const isKey = ['Enter', 'Tab', 'C-c'].includes(key);
        await tmux('send-keys', ...(isKey ? [key] : ['-l', '--', key]));
      }
    },
    shows: async (what) => {
      let seen = '';
      const look = async () => {
        seen = await screen();
        return what.test(seen) ? seen : undefined;
      };
      return until(`the terminal shows ${String(what)}`, look, { timeoutMs: patienceMs }).catch(
        (error: unknown) => {
          throw new Error(`the terminal shows\n${seen}`, { cause: error });
        },
      );
    },
    close: async () => {
      await tmux('kill-server').catch(() => undefined);
      await rm(folder, { recursive: true, force: true });
    },
  };
}
