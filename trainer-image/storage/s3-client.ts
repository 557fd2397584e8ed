import { getCACertificates } from 'node:tls';
import type { S3Client, S3ClientConfig } from '@aws-sdk/client-s3';
import { readCredentials, readSurroundings } from './s3-credentials.ts';
import { defaultTuning, type StorageAccess, type StorageTuning } from './storage-access.ts';

type Sdk = typeof import('@aws-sdk/client-s3');

/** The SDK, loaded and set up for one store. */
export interface S3Connection {
  readonly sdk: Sdk;
  readonly client: S3Client;
  readonly tuning: StorageTuning;
}

/** Loads the SDK and makes a client when first asked: training on folders never pays for it. */
export function s3Connection(access: StorageAccess): () => Promise<S3Connection> {
  let connection: Promise<S3Connection> | undefined;
  return () => {
    connection ??= connect(access).catch((error: unknown) => {
      connection = undefined;
      throw error;
    });
    return connection;
  };
}

async function connect({ endpoint, credentialsFolder, tuning }: StorageAccess): Promise<S3Connection> {
  const sdk = await import('@aws-sdk/client-s3');
  const settings = { ...defaultTuning, ...tuning };
  const { region, certificates } =
    credentialsFolder === undefined
      ? { region: undefined, certificates: undefined }
      : await readSurroundings(credentialsFolder);
  const config: S3ClientConfig = {
    maxAttempts: settings.attempts,
    retryMode: 'standard',
    requestHandler: {
      connectionTimeout: settings.connectTimeoutMs,
      socketTimeout: settings.idleTimeoutMs,
      ...(certificates === undefined
        ? {}
        : { httpsAgent: { keepAlive: true, ca: [...getCACertificates('default'), certificates] } }),
    },
    // For larger bodies the SDK would wait for "100 Continue" on a new connection each, which knows nothing of the
    // authorities to trust (node-http-handler, `expectContinue && !this.externalAgent`) and costs a round trip a part.
    expectContinueHeader: false,
    ...(region === undefined ? {} : { region }),
    ...(credentialsFolder === undefined
      ? {}
      : { credentials: () => readCredentials(credentialsFolder, Date.now()) }),
    ...(endpoint === undefined ? {} : ownEndpoint(endpoint, region)),
  };
  return { sdk, client: new sdk.S3Client(config), tuning: settings };
}

/**
 * Stores that are not AWS: their certificates and names rarely cover bucket.host, and many refuse the checksums that
 * the SDK adds since 3.729 (https://github.com/aws/aws-sdk-js-v3/issues/6810). A region is needed to sign; theirs is
 * us-east-1 unless they say otherwise.
 */
function ownEndpoint(endpoint: string, region: string | undefined): S3ClientConfig {
  return {
    endpoint,
    forcePathStyle: true,
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    region: region ?? 'us-east-1',
  };
}
