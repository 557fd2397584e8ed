import { Command, Option } from 'commander';
import { logLevels } from '../base/logging.ts';
import { CommandError } from './command-error.ts';
import type { CommandContext } from './context.ts';
import type { ManagerOptions } from './manager-options.ts';

/** `ringmaster manager` */
export function managerCommand(context: CommandContext, finish: (exitCode: number) => void): Command {
  return new Command('manager')
    .description(
      'Acts on the TrainingRuns and TrainingSweeps of a Kubernetes cluster until it is told to stop. Several may run at once: one leads, and the others take over.',
    )
    .requiredOption('--trainer-image <image>', 'image of pods whose run names none')
    .option('-n, --namespace <name>', 'act on the runs and sweeps of this namespace only (default: all)')
    .option(
      '--kubeconfig <file>',
      'who to be and which cluster (default: KUBECONFIG, or the pod that this runs in)',
    )
    .option('--context <name>', 'context of the kubeconfig (default: its current one)')
    .option('--no-leader-election', 'act at once, for a single replica')
    .option('--lease <name>', 'name of the Lease that replicas compete for', 'ringmaster')
    .option('--lease-namespace <name>', 'namespace of that Lease and of this operator', 'ringmaster-system')
    .option('--identity <name>', 'name of this replica (default: its host name and a random word)')
    .option('--no-network-policies', 'make no NetworkPolicy for any run')
    .option('--no-queueing', 'ask for neither Kueue nor PodGroups; runs with a queue name wait')
    .option('--prometheus-namespace <name>', 'namespace whose Prometheus may read metrics (default: any)')
    .addOption(count('--workers <count>', 'runs looked at at once', 16))
    .addOption(count('--api-rate <count>', 'most requests a second to the API server in the long run', 200))
    .addOption(count('--api-burst <count>', 'most requests at once after a pause', 400))
    .option('--listen <address:port>', 'where /healthz, /readyz and /metrics are served', '0.0.0.0:8080')
    .option(
      '--secure-metrics-listen <address:port>',
      'serve /metrics here only, over TLS, to accounts that may get the path /metrics; needs --tls-folder',
    )
    .option('--tls-folder <folder>', 'folder with tls.crt and tls.key, read again as they change')
    .addOption(
      new Option(
        '--log-level <level>',
        'how much is logged on standard error, as JSON lines, or for people where it is a terminal',
      )
        .choices(logLevels)
        .default('info'),
    )
    .action(async (options: ManagerOptions) => {
      // Only here: other commands need not wait for the machinery of a cluster.
      const { runManager } = await import('./manager-process.ts');
      finish(await runManager(options, context));
    });
}

function count(flags: string, description: string, byDefault: number): Option {
  return new Option(flags, description).default(byDefault).argParser((text) => {
    const value = Number(text);
    if (!Number.isInteger(value) || value < 1 || value > 100_000)
      throw new CommandError(
        `${flags.split(' ')[0] ?? ''} must be a whole number from 1 to 100000 (found "${text}")`,
      );
    return value;
  });
}
