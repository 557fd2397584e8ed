import { z } from 'zod';

/** How the gang gets its place. */
export const Scheduling = z.strictObject({
  gang: z
    .enum(['auto', 'none', 'native', 'kueue'])
    .default('auto')
    .describe(
      'auto: the best that the cluster serves. none: plain pods and startTimeout. native: PodGroups of scheduling.k8s.io. kueue: Kueue admits. Default auto.',
    ),
  queueName: z.string().max(253).optional().describe('A Kueue LocalQueue of the namespace. Default none.'),
});
export type Scheduling = z.output<typeof Scheduling>;
