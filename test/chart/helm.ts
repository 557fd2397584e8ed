import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { loadAll } from 'js-yaml';
import { isObject } from '../../operator/api/v1alpha1/wire-guards.ts';
import { kubectlPrograms } from '../control-plane/programs.ts';

const runProgram = promisify(execFile);

export const chartFolder = fileURLToPath(new URL('../../charts/ringmaster', import.meta.url));

/** An object that the chart makes. */
export interface Rendered {
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string; readonly labels?: object };
  readonly [field: string]: unknown;
}

/**
 * Runs Helm; its standard output. A failure throws with its standard error in the message.
 * @param program another Helm than that of the tests
 */
export async function helm(
  args: readonly string[],
  environment: Readonly<Record<string, string>> = {},
  program?: string,
): Promise<string> {
  const { stdout } = await runProgram(program ?? (await kubectlPrograms()).helm, [...args], {
    maxBuffer: 2 ** 24,
    env: { PATH: process.env.PATH ?? '', ...environment },
  });
  return stdout;
}

/** A Helm that was built without its release's settings takes the cluster that it does not ask for one of 2020. */
export const kubeVersion = '--kube-version=1.36.3';

/**
 * The text of all that the chart makes in the namespace ringmaster-system.
 * @param args more arguments, such as `--values=FILE`
 */
export async function renderText(args: readonly string[] = [], folder = chartFolder): Promise<string> {
  return helm(['template', 'ringmaster', folder, '--namespace=ringmaster-system', kubeVersion, ...args]);
}

/** The objects of {@link renderText}. */
export async function render(args: readonly string[] = [], folder = chartFolder): Promise<Rendered[]> {
  return loadAll(await renderText(args, folder)).filter(isRendered);
}

function isRendered(value: unknown): value is Rendered {
  return isObject(value) && typeof value.kind === 'string' && isObject(value.metadata);
}

/** Arguments of Helm that give values, each by its path. */
export function setting(values: Readonly<Record<string, unknown>>): string[] {
  return Object.entries(values).map(([key, value]) => `--set-json=${key}=${JSON.stringify(value)}`);
}
