import { Command } from 'commander';
import type { CommandContext } from './context.ts';

/** Makes a command; `finish` is told the exit code. */
type MakeCommand = (context: CommandContext, finish: (exitCode: number) => void) => Command;

/** A command by name, and what it is in a few words; what it needs is loaded when it is typed. */
interface CommandEntry {
  readonly name: string;
  readonly summary: string;
  readonly load: () => Promise<MakeCommand>;
}

/** All commands, in the order in which `--help` shows them. */
const entries: readonly CommandEntry[] = [
  {
    name: 'run',
    summary: 'train the runs or the sweep of manifests on this machine',
    load: async () => (await import('./run/run-command.ts')).runCommand,
  },
  {
    name: 'validate',
    summary: 'check manifests and start nothing',
    load: async () => (await import('./validate.ts')).validateCommand,
  },
  {
    name: 'evaluate',
    summary: 'measure the accuracy of a checkpoint',
    load: async () => (await import('./evaluate.ts')).evaluateCommand,
  },
  {
    name: 'submit',
    summary: 'hand the runs and sweeps of manifests over to a cluster',
    load: async () => (await import('./submit.ts')).submitCommand,
  },
  { name: 'get', summary: 'show runs or sweeps', load: async () => (await import('./get.ts')).getCommand },
  {
    name: 'watch',
    summary: 'show how the runs or sweeps of a cluster are going',
    load: async () => (await import('./watch.ts')).watchCommand,
  },
  {
    name: 'sweep',
    summary: 'show the trials of a sweep, and its answer',
    load: async () => (await import('./sweep/sweep-command.ts')).sweepCommand,
  },
  {
    name: 'logs',
    summary: 'show what the ranks of a run wrote',
    load: async () => (await import('./logs/logs-command.ts')).logsCommand,
  },
  {
    name: 'events',
    summary: 'show what happened to runs and their pods',
    load: async () => (await import('./events.ts')).eventsCommand,
  },
  {
    name: 'suspend',
    summary: 'save a checkpoint, end the pods and wait',
    load: async () => (await import('./suspend.ts')).suspendCommand,
  },
  {
    name: 'resume',
    summary: 'let suspended runs or sweeps go on',
    load: async () => (await import('./resume.ts')).resumeCommand,
  },
  {
    name: 'plot',
    summary: 'draw loss and accuracy of a run in the terminal',
    load: async () => (await import('./plot.ts')).plotCommand,
  },
  {
    name: 'compare',
    summary: 'lay runs side by side',
    load: async () => (await import('./compare.ts')).compareCommand,
  },
  {
    name: 'report',
    summary: 'write all there is to say of a run or a sweep into one HTML file',
    load: async () => (await import('./report/report-command.ts')).reportCommand,
  },
  {
    name: 'profile',
    summary: 'show the operations of a training step',
    load: async () => (await import('./profile.ts')).profileCommand,
  },
  {
    name: 'checkpoints',
    summary: 'look after checkpoints',
    load: async () => (await import('./checkpoints/checkpoints-command.ts')).checkpointsCommand,
  },
  {
    name: 'data',
    summary: 'index, check and show data sets of images',
    load: async () => (await import('./data/data-command.ts')).dataCommand,
  },
  {
    name: 'explain',
    summary: 'show what a field means',
    load: async () => (await import('./explain.ts')).explainCommand,
  },
  {
    name: 'completion',
    summary: 'print a script by which bash, zsh or fish completes',
    load: async () => (await import('./completion/completion-command.ts')).completionCommand,
  },
  {
    name: 'manager',
    summary: 'act on the runs and sweeps of a Kubernetes cluster',
    load: async () => (await import('./manager.ts')).managerCommand,
  },
];

/**
 * The commands of the program.
 * @param wanted name of the one that is in full; all are when absent. The others are known by name and summary only
 */
export async function makeCommands(
  context: CommandContext,
  finish: (exitCode: number) => void,
  wanted?: string,
): Promise<Command[]> {
  return Promise.all(
    entries.map(async ({ name, summary, load }) => {
      const isWanted = wanted === undefined || wanted === name;
      const command = isWanted ? (await load())(context, finish) : new Command(name);
      return command.summary(summary);
    }),
  );
}
