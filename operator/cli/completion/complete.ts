import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Command } from 'commander';
import { resourceTypes } from '../../cluster/cluster.ts';
import { withCluster } from '../connection/connection.ts';
import { choosePlace, type FolderPlace, type PlaceOptions } from '../connection/place.ts';
import type { CommandContext } from '../context.ts';
import { candidatesFor, type Candidate, type Candidates, type TypedOptions } from './candidates.ts';

/** The longest that a shell waits for a cluster while a person has pressed Tab. */
const patienceMs = 2000;

/** Bits of the last line, by which a shell knows what else to do. */
const noSpace = 2;
const noFiles = 4;

/**
 * Prints what may stand as the last of these words, for the scripts of `ringmaster completion` and for kubectl. What
 * cannot be found out is left out: a shell that completes has no place for complaints.
 */
export async function complete(
  program: Command,
  words: readonly string[],
  context: CommandContext,
): Promise<void> {
  const current = words.at(-1) ?? '';
  const found = candidatesFor(program, words);
  const waiting = new AbortController();
  const values = await Promise.race([
    listCandidates(found, current, context).catch(() => []),
    context.clock.sleep(patienceMs, waiting.signal).then(() => []),
  ]);
  waiting.abort();
  const lines = values
    .filter(({ word }) => word.startsWith(current))
    .map(({ word, meaning }) => (meaning === undefined ? word : `${word}\t${meaning}`));
  // A field that has others below it goes on with a dot.
  const goesOn = found.kind === 'fields' && values.some(({ word }) => word.endsWith('.'));
  const directive = found.kind === 'files' ? 0 : noFiles + (goesOn ? noSpace : 0);
  context.stdout.write([...lines, `:${directive}`, ''].join('\n'));
}

async function listCandidates(
  found: Candidates,
  current: string,
  context: CommandContext,
): Promise<readonly Candidate[]> {
  switch (found.kind) {
    case 'values':
      return found.values;
    case 'files':
      return [];
    case 'fields': {
      const { fieldsFrom } = await import('../explain.ts');
      return fieldsFrom(current);
    }
    case 'contexts':
      return contextNames(found.typed, context);
    case 'runs':
      return runNames(found.typed, context);
  }
}

async function contextNames({ kubeconfig }: TypedOptions, context: CommandContext): Promise<Candidate[]> {
  const { readKubeConfig } = await import('../connection/kube-config.ts');
  const kubeConfig = await readKubeConfig(kubeconfig === undefined ? {} : { kubeconfig }, context);
  return (kubeConfig?.getContexts() ?? []).map(({ name, cluster }) => ({ word: name, meaning: cluster }));
}

async function runNames(typed: TypedOptions, context: CommandContext): Promise<Candidate[]> {
  const options: PlaceOptions = typed;
  const place = await choosePlace(options, context);
  if (place.kind === 'folder') return runsOfFolder(place);
  return withCluster(place, context, async ({ cluster, scope }) =>
    (await cluster.list(resourceTypes.trainingRuns, scope)).map(({ metadata, status }) => ({
      word: metadata.name,
      meaning: status?.phase ?? 'Pending',
    })),
  );
}

/** By their logs: the state may be in use, and opening it takes longer. */
async function runsOfFolder({ folder, namespace }: FolderPlace): Promise<Candidate[]> {
  const logs = join(folder, 'logs');
  const namespaces = namespace === undefined ? await readdir(logs) : [namespace];
  const names = await Promise.all(namespaces.map((each) => readdir(join(logs, each))));
  return [...new Set(names.flat())].sort().map((word) => ({ word }));
}
