import * as z from 'zod';
import { ObjectName } from './scalars.ts';

/** How the gang gets its place. */
export const Scheduling = z.strictObject({
  gang: z
    .enum(['auto', 'none', 'native', 'kueue'])
    .default('auto')
    .describe(
      'auto: a PodGroup of scheduling.k8s.io where the cluster serves them, otherwise as none. native: the same, and the condition GangScheduled says which it is. none: plain pods and startTimeout. kueue: as none, admitted by Kueue. Default auto.',
    ),
  queueName: ObjectName.optional().describe(
    'A Kueue LocalQueue of the namespace. No pod is made until Kueue admits the run. Default none: no queue.',
  ),
  queuePriorityClass: ObjectName.optional().describe(
    'A Kueue WorkloadPriorityClass: the priority in the queue. Default: that of trainers.priorityClassName, otherwise 0.',
  ),
});
export type Scheduling = z.output<typeof Scheduling>;
