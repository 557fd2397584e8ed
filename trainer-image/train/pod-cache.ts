import { DataUnavailable } from '../data/data-unavailable.ts';
import { InvalidData } from '../data/invalid-data.ts';
import type { ShardCache } from '../data/source/shard-cache.ts';
import type { FromRank, ToRank } from './rank-protocol.ts';

/** A rank's side of its pod's cache: it asks the supervisor. */
export interface PodCache extends ShardCache {
  /** Takes an answer in. */
  answer(message: Extract<ToRank, { type: 'fetched' }>): void;
}

export function createPodCache(send: (message: FromRank) => void): PodCache {
  const waiting = new Map<number, PromiseWithResolvers<string>>();
  let requests = 0;

  function ask(
    type: 'fetch' | 'discard',
    ...[root, shard]: Parameters<ShardCache['fetch']>
  ): Promise<string> {
    requests += 1;
    const asked = Promise.withResolvers<string>();
    waiting.set(requests, asked);
    send({ type, request: requests, root, shard });
    return asked.promise;
  }

  return {
    fetch: (root, shard) => ask('fetch', root, shard),
    discard: async (root, shard) => {
      await ask('discard', root, shard);
    },
    answer({ request, file, failure }) {
      const asked = waiting.get(request);
      waiting.delete(request);
      if (failure === undefined) asked?.resolve(file ?? '');
      else if (failure.reason === 'InvalidData') asked?.reject(new InvalidData(failure.message));
      else asked?.reject(new DataUnavailable(failure.message));
    },
  };
}
