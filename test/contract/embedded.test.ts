import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../../operator/base/clock.ts';
import { createLogger } from '../../operator/base/logging.ts';
import { openEmbeddedCluster } from '../../operator/cluster/embedded/embedded-cluster.ts';
import { describeCluster } from './cluster-contract.ts';

describeCluster('the embedded cluster', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'ringmaster-contract-'));
  const cluster = await openEmbeddedCluster({ folder, clock: systemClock, log: createLogger('silent') });
  let namespaces = 0;
  return {
    cluster,
    newNamespace: () => {
      namespaces += 1;
      return Promise.resolve(`contract-${namespaces}`);
    },
    close: () => {
      cluster.close();
      rmSync(folder, { recursive: true });
      return Promise.resolve();
    },
  };
});
