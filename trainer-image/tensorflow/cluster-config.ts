import { booleanField, integerField, message, messageField, stringField } from './protobuf.ts';

/** Threads of one process. TensorFlow's 0, one per core, is not allowed: ranks share the cores of a pod. */
export interface ThreadCounts {
  /** Threads that one operation may use. */
  readonly intraOp: number;
  /** Operations that may run at the same time. */
  readonly interOp: number;
}

/** Where this process stands among the ranks. */
export interface ClusterPosition {
  /** `host:port` of every rank, by rank. */
  readonly addresses: readonly string[];
  readonly rank: number;
}

/**
 * Full name of a rank's task, with which the names of its devices begin. TensorFlow orders ranks by these names as
 * text, in which task:10 comes before task:2. So every rank is a job of its own with a zero-padded name: the order
 * is that of the ranks, and neighbours in the ring are in the same pod.
 */
export function taskName(rank: number): string {
  return `/job:${jobName(rank)}/replica:0/task:0`;
}

function jobName(rank: number): string {
  return `rank${String(rank).padStart(5, '0')}`;
}

/** Serialised `tensorflow.ConfigProto`; field numbers from tensorflow/core/protobuf/config.proto. */
export function configProto(threads: ThreadCounts, position?: ClusterPosition): Uint8Array {
  const allowSoftPlacement = booleanField(7, true);
  // Grow: several processes may share one GPU in tests, and the input pipeline needs some of it.
  const gpuOptions = messageField(6, booleanField(4, true));
  const local = message(
    integerField(2, threads.intraOp),
    integerField(5, threads.interOp),
    gpuOptions,
    allowSoftPlacement,
  );
  if (position === undefined) return local;
  return message(
    local,
    // Sees no other task's devices.
    stringField(4, `/job:${jobName(position.rank)}`),
    // num_channels_per_target: lets transfers of the ring overlap.
    messageField(13, integerField(6, 4)),
    messageField(
      16,
      stringField(1, taskName(0)), // collective_group_leader
      integerField(4, -1), // recv_buf_max_chunk: one piece, not pieces of 4,096 bytes
    ),
  );
}

/** Serialised `tensorflow.ServerDef`; field numbers from tensorflow/core/protobuf/tensorflow_server.proto. */
export function serverDef(threads: ThreadCounts, position: ClusterPosition): Uint8Array {
  const jobs = position.addresses.map((address, rank) =>
    messageField(
      1,
      stringField(1, jobName(rank)),
      messageField(2, integerField(1, 0), stringField(2, address)),
    ),
  );
  return message(
    messageField(1, ...jobs),
    stringField(2, jobName(position.rank)),
    integerField(3, 0),
    // The server makes its devices from this copy, so the settings have to be in both places.
    messageField(4, configProto(threads, position)),
    stringField(5, 'grpc'),
  );
}
