import * as z from 'zod';
import { ResolvedSpec } from '../v1alpha1/resolved-spec.ts';

/**
 * Ports of a trainer pod. A pod has its own address, so they are fixed. They are rare ones, because on one machine a
 * server of somebody else that listens on all addresses takes its port from every pod.
 */
export const supervisorPort = 7911;
/** Rank i of a pod listens for collectives on `firstRankPort + i`. */
export const firstRankPort = 2222;

/**
 * What a pod is told about its place in the world, as one environment variable of JSON (`RINGMASTER_ASSIGNMENT`).
 * Everything else about a run is in here too, so a pod needs no API access and no service account token.
 */
export const Assignment = z.object({
  namespace: z.string(),
  run: z.string(),
  runUid: z.string(),
  attempt: z.int().min(1),
  podIndex: z.int().min(0),
  /** DNS name of pod 0, where the ranks meet. */
  leader: z.string(),
  spec: ResolvedSpec,
});
export type Assignment = z.output<typeof Assignment>;

export const assignmentVariable = 'RINGMASTER_ASSIGNMENT';

/**
 * Variables that the kubelet's small stand-in, the node agent, adds where the kubelet would mount or resolve something.
 * On a cluster they are absent: the log is `/dev/termination-log`, names come from DNS, the address from the interface.
 */
export const agentVariables = {
  terminationLog: 'RINGMASTER_TERMINATION_LOG',
  hostsFile: 'RINGMASTER_HOSTS_FILE',
  /** The pod's own address; on a cluster the downward API fills it from `status.podIP`. */
  podAddress: 'RINGMASTER_POD_IP',
  /** Folder with the Secret of `spec.checkpoints.credentials`, one file a key. */
  credentialsFolder: 'RINGMASTER_CREDENTIALS_FOLDER',
} as const;

/** How much trainers log, which `spec.trainers.env` may set: `debug` tells every step. Default `info`. */
export const logLevelVariable = 'LOG_LEVEL';

export const defaultTerminationLog = '/dev/termination-log';

/** Where the planner mounts the Secret of `spec.checkpoints.credentials`. */
export const defaultCredentialsFolder = '/var/run/secrets/ringmaster.dev/checkpoints';
