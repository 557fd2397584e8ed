/** How to reach object storage; folders need none of it. */
export interface StorageAccess {
  /** `http://` or `https://` address of an S3-compatible store. Default: AWS. */
  readonly endpoint?: string;
  /**
   * Folder with a file a secret, as a mounted Secret has them: AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and, where
   * needed, AWS_SESSION_TOKEN, AWS_REGION and ca.crt (certificates to trust besides the well-known ones). Default: the
   * SDK's own chain, which knows workload identity, profiles and instance roles.
   */
  readonly credentialsFolder?: string;
  /** Other than the defaults only in tests and benches. */
  readonly tuning?: Partial<StorageTuning>;
}

/** Numbers that decide how patient and how wide transfers are. */
export interface StorageTuning {
  /** Longest time without a byte in either direction before a request is given up and tried again. */
  readonly idleTimeoutMs: number;
  readonly connectTimeoutMs: number;
  /** Tries of one request, with full jitter up to 20 s between them and Retry-After honoured. */
  readonly attempts: number;
  /** Larger objects are uploaded in parts of this size; 5 MiB is the least that S3 takes. */
  readonly partSizeBytes: number;
  /** Parts under way at once; so many are held in memory. */
  readonly parallelParts: number;
}

export const defaultTuning: StorageTuning = {
  // CompleteMultipartUpload may be silent for long while the server joins the parts.
  idleTimeoutMs: 60_000,
  connectTimeoutMs: 10_000,
  // Together some 30 s, which outlasts the restart of a store and most SlowDown; the committer tries again after that.
  attempts: 8,
  partSizeBytes: 16 * 2 ** 20,
  parallelParts: 4,
};
