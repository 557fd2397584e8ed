import { describe } from 'vitest';
import { useContractFixture } from './contract-fixture.ts';
import type { ContractWorld } from './contract-world.ts';
import { describeCreate } from './creating.ts';
import { describeDelete } from './deleting.ts';
import { describePatchStatus } from './patching-status.ts';
import { describePatch } from './patching.ts';
import { describeReads } from './reading.ts';
import { describeSweeps } from './sweeps.ts';
import { describeValidation } from './validation.ts';
import { describeWatch } from './watching.ts';

/**
 * What every adapter of the Cluster port promises. It is run on the embedded adapter and on a real API server with its
 * controllers, so it asserts only what both can do.
 */
export function describeCluster(name: string, open: () => Promise<ContractWorld>): void {
  describe(name, () => {
    const fixture = useContractFixture(open);
    describeCreate(fixture);
    describeValidation(fixture);
    describeReads(fixture);
    describePatch(fixture);
    describePatchStatus(fixture);
    describeDelete(fixture);
    describeWatch(fixture);
    describeSweeps(fixture);
  });
}
