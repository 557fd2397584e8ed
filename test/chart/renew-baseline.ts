import { renewBaseline } from './baseline.ts';

/* `npm run baseline`: upgrades are tested from the present commit on. */

const commit = await renewBaseline();
process.stdout.write(`the baseline is ${commit}; commit test/chart/baseline\n`);
