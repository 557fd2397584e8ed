import { applyRetention } from '../../trainer-image/checkpoint/apply-retention.ts';
import { commitCheckpoint } from '../../trainer-image/checkpoint/commit-checkpoint.ts';
import { openStorage } from '../../trainer-image/storage/open-storage.ts';
import type { StorageAccess } from '../../trainer-image/storage/storage-access.ts';
import type { Storage } from '../../trainer-image/storage/storage.ts';

/** What a process is told that commits one checkpoint and is killed on the way. */
export interface WriterOrders {
  readonly uri: string;
  readonly access: StorageAccess;
  readonly prefix: string;
  /** Folder of the snapshot. */
  readonly folder: string;
  readonly attempt: number;
  /** It ends by kill -9 before this change of the storage, counted from 0; never if absent. */
  readonly killBefore?: number;
}

/** Ends this process as kill -9 does once so many changes are made. */
function killedBefore(storage: Storage, changes: number): Storage {
  let made = 0;
  const change = <T>(act: () => Promise<T>): Promise<T> => {
    if (made === changes) process.kill(process.pid, 'SIGKILL');
    made += 1;
    return act();
  };
  return {
    ...storage,
    put: (key, source, options) => change(() => storage.put(key, source, options)),
    delete: (key) => change(() => storage.delete(key)),
    deletePartials: (prefix) => change(() => storage.deletePartials(prefix)),
  };
}

const orders = JSON.parse(process.argv[2] ?? '') as WriterOrders; // From the test, which types them.
const whole = openStorage(orders.uri, orders.access);
const storage = orders.killBefore === undefined ? whole : killedBefore(whole, orders.killBefore);
await commitCheckpoint(storage, orders.prefix, orders.folder, orders);
await applyRetention(storage, orders.prefix, { last: 1, best: false }, orders);
