import { access } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { KubeConfig } from '@kubernetes/client-node';
import { describeError } from '../../base/errors.ts';
import { CommandError } from '../command-error.ts';
import { commandExitCodes } from '../exit-codes.ts';
import type { CommandContext } from '../context.ts';

/** Which kubeconfig and what of it; each is optional, as with kubectl. */
export interface KubeConfigOptions {
  readonly kubeconfig?: string;
  readonly context?: string;
}

/** Where the kubelet puts the token of a pod's service account. */
const serviceAccountToken = '/var/run/secrets/kubernetes.io/serviceaccount/token';

/**
 * Reads what kubectl would: `--kubeconfig`, else the files of KUBECONFIG merged, else `~/.kube/config`, else the service
 * account of the pod that this runs in.
 * @returns `undefined` when there is none of these
 * @throws CommandError when one of them cannot be read, or has no such context
 */
export async function readKubeConfig(
  options: KubeConfigOptions,
  { environment }: Pick<CommandContext, 'environment'>,
): Promise<KubeConfig | undefined> {
  const files = await kubeConfigFiles(options, environment);
  const kubeConfig = new KubeConfig();
  if (files.length === 0) {
    if (!(await exists(serviceAccountToken))) return undefined;
    kubeConfig.loadFromCluster();
  }
  for (const [index, file] of files.entries()) {
    try {
      if (index === 0) kubeConfig.loadFromFile(file);
      else kubeConfig.mergeConfig(loadFile(file), true);
    } catch (error) {
      throw unavailable(`the kubeconfig ${file} cannot be read: ${describeError(error)}`, error);
    }
  }
  choose(kubeConfig, options.context);
  return kubeConfig;
}

async function kubeConfigFiles(
  { kubeconfig }: KubeConfigOptions,
  { KUBECONFIG, HOME }: CommandContext['environment'],
): Promise<string[]> {
  if (kubeconfig !== undefined) return [kubeconfig];
  const named = (KUBECONFIG ?? '').split(delimiter).filter((file) => file !== '');
  // As for kubectl, a file of a list may be missing; the name of a single one is meant.
  const present = named.length > 1 ? await existing(named) : named;
  if (named.length > 0) return present;
  return HOME === undefined ? [] : existing([join(HOME, '.kube', 'config')]);
}

function loadFile(file: string): KubeConfig {
  const kubeConfig = new KubeConfig();
  kubeConfig.loadFromFile(file);
  return kubeConfig;
}

function choose(kubeConfig: KubeConfig, context: string | undefined): void {
  const known = kubeConfig.getContexts().map(({ name }) => name);
  if (context !== undefined) {
    if (!known.includes(context)) {
      throw new CommandError(
        `the kubeconfig has no context "${context}"; known: ${known.join(', ') || 'none'}`,
      );
    }
    kubeConfig.setCurrentContext(context);
  }
  if (kubeConfig.getCurrentCluster() !== null) return;
  const current = kubeConfig.getCurrentContext();
  throw unavailable(
    current === ''
      ? `the kubeconfig has no current context; pass --context with one of: ${known.join(', ') || 'none'}`
      : `the context "${current}" of the kubeconfig names no cluster that it knows; pass --context with another`,
  );
}

function unavailable(message: string, cause?: unknown): CommandError {
  return new CommandError(message, { exitCode: commandExitCodes.unavailable, cause });
}

async function existing(files: readonly string[]): Promise<string[]> {
  const found = await Promise.all(files.map(exists));
  return files.filter((_, index) => found[index]);
}

async function exists(file: string): Promise<boolean> {
  return access(file).then(
    () => true,
    () => false,
  );
}
