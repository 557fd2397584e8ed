import { openSmallWorld } from './small-world.ts';

/** Runs one pod in the small world of a folder, says so, and goes on until it is killed. */
const [root = '', script = ''] = process.argv.slice(2);
const world = await openSmallWorld({ root });
await world.run('victim', script);
await world.waitForPod('victim', (pod) => pod?.status?.phase === 'Running');
process.stdout.write('running\n');
