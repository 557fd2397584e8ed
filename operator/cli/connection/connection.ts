import { join } from 'node:path';
import type { Cluster, Selection } from '../../cluster/cluster.ts';
import type { HttpCluster } from '../../cluster/http/open-http-cluster.ts';
import type { CommandContext } from '../context.ts';
import { explainRefusal } from './explain-refusal.ts';
import type { ClusterPlace, FolderPlace, Place } from './place.ts';

/** A cluster to look at, the embedded one of a folder or a real one, and where in it. */
export type Connection = FolderConnection | ClusterConnection;

interface FolderConnection {
  readonly kind: 'folder';
  readonly cluster: Cluster;
  readonly place: FolderPlace;
  /** The namespace, or all. */
  readonly scope: Selection;
}

/** A connection to a real cluster, whose pods can be asked for their logs. */
export interface ClusterConnection {
  readonly kind: 'cluster';
  readonly cluster: HttpCluster;
  readonly place: ClusterPlace;
  readonly scope: Selection;
}

/** Told, in words for people, when a watch had to begin again. */
export type OnTrouble = (message: string) => void;

/**
 * Opens a place for one piece of work and closes it again.
 * @throws CommandError when the cluster is away, refuses, or lacks something, saying what to do about it
 */
export async function withConnection<R>(
  place: Place,
  context: CommandContext,
  work: (connection: Connection) => Promise<R>,
  onTrouble?: OnTrouble,
): Promise<R> {
  return place.kind === 'folder'
    ? withFolder(place, context, work)
    : withCluster(place, context, work, onTrouble);
}

/** Opens a real cluster for one piece of work and closes it again; throws as {@link withConnection}. */
export async function withCluster<R>(
  place: ClusterPlace,
  { clock }: CommandContext,
  work: (connection: ClusterConnection) => Promise<R>,
  onTrouble?: OnTrouble,
): Promise<R> {
  const { openHttpCluster } = await import('../../cluster/http/open-http-cluster.ts');
  try {
    const cluster = await openHttpCluster({
      access: place.kubeConfig,
      clock,
      userAgent: 'ringmaster-cli',
      ...(onTrouble === undefined ? {} : { log: { warn: warningsTo(onTrouble) } }),
    });
    try {
      return await work({ kind: 'cluster', cluster, place, scope: scopeOf(place) });
    } finally {
      await cluster.close();
    }
  } catch (error) {
    throw explainRefusal(error, place);
  }
}

async function withFolder<R>(
  place: FolderPlace,
  { clock }: CommandContext,
  work: (connection: Connection) => Promise<R>,
): Promise<R> {
  const { withStateFolder } = await import('../run/state-folder.ts');
  return withStateFolder({ folder: join(place.folder, 'state'), clock }, (cluster) =>
    work({ kind: 'folder', cluster, place, scope: scopeOf(place) }),
  );
}

function scopeOf({ namespace }: Place): Selection {
  return namespace === undefined ? {} : { namespace };
}

/** The adapter's warnings, which carry the cause in their first argument. */
function warningsTo(onTrouble: OnTrouble): (details: { error?: unknown }, message?: string) => void {
  return ({ error }, message = 'trouble') =>
    onTrouble(typeof error === 'string' ? `${message}: ${error}` : message);
}
