import type { Shard } from '../index/sample-index.ts';

/** Shards of remote data as whole files on this machine. */
export interface ShardCache {
  /**
   * The file with a shard, fetched if it is not there. It may be gone again by the time that it is opened, when others
   * needed its room: ask again then.
   * @param root `uri` of the storage that the shard is in
   */
  fetch(root: string, shard: Shard): Promise<string>;
  /** Forgets a file whose content turned out wrong, so that the next fetch gets it anew. */
  discard(root: string, shard: Shard): Promise<void>;
}
