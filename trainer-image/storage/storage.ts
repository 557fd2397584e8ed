/** Where the bytes of an object come from: a file on this machine, or memory. */
export type StorageSource = { readonly file: string } | { readonly bytes: Uint8Array };

/**
 * Objects under keys such as `vision/run/step-000000000100/model.safetensors`: a folder, or a bucket and
 * prefix. A key has no empty part, no `.` and no `..`. Every method rejects with a StorageError.
 */
export interface Storage {
  /** Location of everything in it, without a slash at the end. */
  readonly uri: string;
  /**
   * Makes an object, whole or not at all: a reader sees the old one or the new one, also after a crash, and
   * once this resolves the new one is durable.
   * @returns `exists`, with nothing changed, if `ifAbsent` is set and the key is taken
   */
  put(
    key: string,
    source: StorageSource,
    options?: { readonly ifAbsent?: boolean },
  ): Promise<'written' | 'exists'>;
  /** The bytes of an object. The fault is `NotFound` if there is none. */
  get(key: string): Promise<Buffer>;
  /** `length` bytes of an object from `offset` on. The fault is `Truncated` if it is shorter. */
  getRange(key: string, offset: number, length: number): Promise<Buffer>;
  /** The bytes of an object, piece by piece. */
  read(key: string): AsyncIterable<Uint8Array>;
  /** Copies an object into a new file on this machine. */
  download(key: string, file: string): Promise<void>;
  exists(key: string): Promise<boolean>;
  /**
   * Keys of all objects whose key begins with `<prefix>/` (all objects for an empty prefix), sorted, with
   * their sizes.
   */
  list(prefix: string): Promise<StoredObject[]>;
  /** Removes an object. No error if there is none. */
  delete(key: string): Promise<void>;
  /**
   * Removes what interrupted `put`s left under a prefix. It was never visible to readers. Must not run while
   * a `put` under the same prefix does.
   */
  deletePartials(prefix: string): Promise<void>;
}

export interface StoredObject {
  readonly key: string;
  readonly sizeBytes: number;
}

/** `prefix/name`, or `name` alone under an empty prefix. */
export function joinKey(prefix: string, name: string): string {
  return prefix === '' ? name : `${prefix}/${name}`;
}
