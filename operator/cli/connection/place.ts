import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { KubeConfig } from '@kubernetes/client-node';
import { Option, type Command } from 'commander';
import { CommandError } from '../command-error.ts';
import type { CommandContext } from '../context.ts';
import { commandExitCodes } from '../exit-codes.ts';

/** Options of every command that looks at runs, as commander hands them over. */
export interface PlaceOptions {
  readonly dir?: string;
  readonly namespace?: string;
  readonly allNamespaces?: true;
  readonly context?: string;
  readonly kubeconfig?: string;
}

/** Where runs are looked for. */
export type Place = FolderPlace | ClusterPlace;

/** The state that `ringmaster run` keeps. */
export interface FolderPlace {
  readonly kind: 'folder';
  /** Absolute. */
  readonly folder: string;
  /** All when absent. */
  readonly namespace?: string;
  /** For people: `.ringmaster`. */
  readonly name: string;
}

/** A Kubernetes cluster. */
export interface ClusterPlace {
  readonly kind: 'cluster';
  readonly kubeConfig: KubeConfig;
  /** All when absent. */
  readonly namespace?: string;
  /** Where something that names no namespace is put. */
  readonly defaultNamespace: string;
  /** For people: `namespace vision of context prod`. */
  readonly name: string;
}

const defaultFolder = '.ringmaster';

/** Adds the options that choose a cluster. */
export function withClusterOptions(command: Command): Command {
  return command
    .option('-n, --namespace <name>', 'namespace (default: that of the context)')
    .option('--context <name>', 'context of the kubeconfig (default: its current one)')
    .option('--kubeconfig <file>', 'kubeconfig (default: as for kubectl)');
}

/** Adds the options that choose a cluster or a folder of local runs. */
export function withPlaceOptions(command: Command): Command {
  return withClusterOptions(command)
    .option('-A, --all-namespaces', 'runs of all namespaces')
    .addOption(
      new Option('--dir <folder>', 'runs of this machine, from the folder where `ringmaster run` keeps them'),
    );
}

/**
 * Decides where to look: in `--dir`; on the cluster when `--context` or `--kubeconfig` says so, or when this was typed as
 * a kubectl plug-in; in `.ringmaster` when that is here; else on the cluster.
 * @throws CommandError that says what there would have to be
 */
export async function choosePlace(options: PlaceOptions, context: CommandContext): Promise<Place> {
  const { dir, kubeconfig } = options;
  const meansCluster = options.context !== undefined || kubeconfig !== undefined || context.isKubectlPlugin;
  if (dir !== undefined && (options.context ?? kubeconfig) !== undefined)
    throw new CommandError('--dir names runs of this machine, so --context and --kubeconfig mean nothing');
  if (dir !== undefined || (!meansCluster && hasState(defaultFolder, context))) {
    return openFolder(dir ?? defaultFolder, options, context);
  }
  return chooseCluster(options, context);
}

/**
 * The cluster that the options and the kubeconfig name.
 * @throws CommandError when there is none
 */
export async function chooseCluster(
  { kubeconfig, context: contextName, namespace, allNamespaces }: Omit<PlaceOptions, 'dir'>,
  context: CommandContext,
): Promise<ClusterPlace> {
  // Only here: the library that reads kubeconfigs takes a while to load.
  const { readKubeConfig } = await import('./kube-config.ts');
  const kubeConfig = await readKubeConfig(
    {
      ...(kubeconfig === undefined ? {} : { kubeconfig: resolve(context.workingFolder, kubeconfig) }),
      ...(contextName === undefined ? {} : { context: contextName }),
    },
    context,
  );
  if (kubeConfig === undefined) {
    throw new CommandError(
      `no cluster to ask: KUBECONFIG is not set and there is no ~/.kube/config; and no runs of this machine in ${defaultFolder}: \`ringmaster run FILE\` trains here, --dir names another folder`,
      { exitCode: commandExitCodes.unavailable },
    );
  }
  const current = kubeConfig.getCurrentContext();
  const ofContext = kubeConfig.getContextObject(current)?.namespace;
  const defaultNamespace = namespace ?? (ofContext === undefined || ofContext === '' ? 'default' : ofContext);
  const isAll = allNamespaces === true;
  return {
    kind: 'cluster',
    kubeConfig,
    defaultNamespace,
    ...(isAll ? {} : { namespace: defaultNamespace }),
    name: `${isAll ? 'all namespaces' : `namespace ${defaultNamespace}`} of context ${current}`,
  };
}

function openFolder(dir: string, { namespace, allNamespaces }: PlaceOptions, context: CommandContext): Place {
  if (!hasState(dir, context))
    throw new CommandError(`nothing was trained in ${dir} yet; --dir names another folder`);
  const isAll = namespace === undefined || allNamespaces === true;
  return {
    kind: 'folder',
    folder: resolve(context.workingFolder, dir),
    name: isAll ? dir : `namespace ${namespace} of ${dir}`,
    ...(isAll ? {} : { namespace }),
  };
}

function hasState(dir: string, { workingFolder }: CommandContext): boolean {
  return existsSync(join(resolve(workingFolder, dir), 'state'));
}
