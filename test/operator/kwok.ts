import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { startChild, type Child } from '../control-plane/child.ts';
import { kwokProgram } from '../control-plane/programs.ts';

/** Seconds that a pod runs before it succeeds. */
export const podSeconds = 2;
/** Pods whose names begin so never end by themselves. */
export const lastingPrefix = 'lasting';

/**
 * Starts kwok on all nodes: a pod that has a node runs at once, succeeds after {@link podSeconds}, and is gone at once
 * when it is deleted.
 * @param folder where its settings and its log go
 */
export async function startKwok(kubeconfig: string, folder: string): Promise<Child> {
  const config = join(folder, 'kwok-stages.yaml');
  await writeFile(config, stages.map((stage) => JSON.stringify(stage)).join('\n---\n'));
  return startChild(
    'kwok',
    await kwokProgram(),
    [
      `--kubeconfig=${kubeconfig}`,
      '--manage-all-nodes=true',
      `--config=${config}`,
      '--server-address=127.0.0.1:0',
      '--node-lease-duration-seconds=0',
    ],
    join(folder, 'kwok.log'),
  );
}

const pod = { apiGroup: 'v1', kind: 'Pod' };
const isNotDeleted = { key: '.metadata.deletionTimestamp', operator: 'DoesNotExist' };

/** One container status for each container, in a state. */
const containers = (state: string, isReady: boolean) => `
containerStatuses:
{{ range .spec.containers }}
- image: {{ .image | Quote }}
  name: {{ .name | Quote }}
  ready: ${String(isReady)}
  restartCount: 0
  state: ${state}
{{ end }}`;

const stages = [
  {
    // The nodes are ready as they were made; but kwok looks after no node without a stage for nodes.
    apiVersion: 'kwok.x-k8s.io/v1alpha1',
    kind: 'Stage',
    metadata: { name: 'node-never' },
    spec: {
      resourceRef: { apiGroup: 'v1', kind: 'Node' },
      selector: {
        matchExpressions: [{ key: '.metadata.annotations["ringmaster.dev/never"]', operator: 'Exists' }],
      },
      next: { statusTemplate: '{}' },
    },
  },
  {
    apiVersion: 'kwok.x-k8s.io/v1alpha1',
    kind: 'Stage',
    metadata: { name: 'pod-ready' },
    spec: {
      resourceRef: pod,
      selector: {
        matchExpressions: [isNotDeleted, { key: '.status.phase', operator: 'In', values: ['Pending'] }],
      },
      next: {
        statusTemplate: `{{ $now := Now }}
conditions:
- {type: Initialized, status: "True", lastTransitionTime: {{ $now | Quote }}}
- {type: ContainersReady, status: "True", lastTransitionTime: {{ $now | Quote }}}
- {type: Ready, status: "True", lastTransitionTime: {{ $now | Quote }}}
${containers('{running: {startedAt: {{ $now | Quote }}}}', true)}
phase: Running
startTime: {{ $now | Quote }}
`,
      },
    },
  },
  {
    apiVersion: 'kwok.x-k8s.io/v1alpha1',
    kind: 'Stage',
    metadata: { name: 'pod-complete' },
    spec: {
      resourceRef: pod,
      selector: {
        matchExpressions: [
          isNotDeleted,
          { key: '.status.phase', operator: 'In', values: ['Running'] },
          { key: `.metadata.name | startswith("${lastingPrefix}")`, operator: 'NotIn', values: ['true'] },
        ],
      },
      delay: { durationMilliseconds: podSeconds * 1000 },
      next: {
        statusTemplate: `{{ $now := Now }}
${containers('{terminated: {exitCode: 0, reason: Completed, finishedAt: {{ $now | Quote }}}}', false)}
phase: Succeeded
`,
      },
    },
  },
  {
    apiVersion: 'kwok.x-k8s.io/v1alpha1',
    kind: 'Stage',
    metadata: { name: 'pod-delete' },
    spec: {
      resourceRef: pod,
      selector: { matchExpressions: [{ key: '.metadata.deletionTimestamp', operator: 'Exists' }] },
      next: { delete: true },
    },
  },
];
