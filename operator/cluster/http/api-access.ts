import type { RequestOptions } from 'node:https';

/** Which API server, and who we are there: what of a kubeconfig of client-node is used, or a pod's service account. */
export interface ApiAccess {
  getCurrentContext(): string;
  getCurrentCluster(): { readonly server: string; readonly proxyUrl?: string } | null;
  /** Of the current context; its `authProvider` may name a file with a token. */
  getCurrentUser(): { readonly authProvider?: unknown } | null;
  /** Adds headers and TLS material as they are now; files that it names are read again. */
  applyToHTTPSOptions(options: RequestOptions): Promise<void>;
}
