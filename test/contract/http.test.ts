import { shippedCrdFiles } from '../control-plane/install-crd.ts';
import { createNamespace, openRealCluster } from '../control-plane/real-cluster.ts';
import { startControlPlane } from '../control-plane/start.ts';
import { describeCluster } from './cluster-contract.ts';

describeCluster('a real API server', async () => {
  const controlPlane = await startControlPlane({ crdFiles: shippedCrdFiles });
  const cluster = await openRealCluster(controlPlane);
  let namespaces = 0;
  return {
    cluster,
    newNamespace: () => {
      namespaces += 1;
      return createNamespace(controlPlane, `contract-${namespaces}`);
    },
    close: async () => {
      await cluster.close();
      await controlPlane.close();
    },
  };
});
