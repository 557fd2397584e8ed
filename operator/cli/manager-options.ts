import type { LogLevel } from '../base/logging.ts';

/** The options of `ringmaster manager`, as commander hands them over. */
export interface ManagerOptions {
  readonly trainerImage: string;
  readonly namespace?: string;
  readonly kubeconfig?: string;
  readonly context?: string;
  readonly leaderElection: boolean;
  readonly lease: string;
  readonly leaseNamespace: string;
  readonly identity?: string;
  readonly networkPolicies: boolean;
  readonly queueing: boolean;
  readonly prometheusNamespace?: string;
  readonly workers: number;
  readonly apiRate: number;
  readonly apiBurst: number;
  /** `address:port`; port 0 is any free one. */
  readonly listen: string;
  /** `address:port` for `/metrics` over TLS, to those who may read it; only with {@link tlsFolder}. */
  readonly secureMetricsListen?: string;
  /** Folder with `tls.crt` and `tls.key`. */
  readonly tlsFolder?: string;
  readonly logLevel: LogLevel;
}
