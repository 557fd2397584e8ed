import { systemClock } from '../../operator/base/clock.ts';
import { createLogger } from '../../operator/base/logging.ts';
import { resourceTypes } from '../../operator/cluster/cluster.ts';
import { openEmbeddedCluster } from '../../operator/cluster/embedded/embedded-cluster.ts';
import { pod } from '../contract/contract-world.ts';

/** Writes to a state folder until it is killed, and says on a line of its own what was acknowledged: `<pod> <count>`. */
const [folder = '', round = ''] = process.argv.slice(2);
const cluster = await openEmbeddedCluster({ folder, clock: systemClock, log: createLogger('silent') });
for (let index = 0; ; index += 1) {
  const key = { namespace: 'tests', name: `pod-${round}-${index}` };
  await cluster.create(resourceTypes.pods, pod(key));
  for (let count = 1; count <= 3; count += 1) {
    await cluster.patchStatus(resourceTypes.pods, key, { status: { message: String(count) } });
    process.stdout.write(`${key.name} ${count}\n`);
  }
}
