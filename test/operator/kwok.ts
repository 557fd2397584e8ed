import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { exitCodeOf } from '../../operator/api/trainer/exit-codes.ts';
import type { TerminationMessage } from '../../operator/api/trainer/termination-message.ts';
import { startChild, type Child } from '../control-plane/child.ts';
import { kwokProgram } from '../control-plane/programs.ts';

/** Pods whose names begin so never end by themselves. */
export const lastingPrefix = 'lasting';
/** The trial of a sweep whose pod succeeds without last words. */
export const silentTrial = { sweep: 'silent', index: 2 };
const silentPrefix = `${silentTrial.sweep}-${silentTrial.index}-`;
/** Pods whose names begin so end with an exit code that means a fault of the recipe. */
export const failingPrefix = 'failing';

export interface KwokOptions {
  /** How long a pod runs before it ends, in milliseconds. Default 2,000. */
  readonly podMs?: number;
  /** What a pod that succeeds leaves in its termination log. Default nothing. */
  readonly lastWords?: TerminationMessage;
}

/**
 * Starts kwok on all nodes: a pod that has a node runs at once, ends after a while, and is gone at once when it is
 * deleted.
 * @param folder where its settings and its log go
 */
export async function startKwok(
  kubeconfig: string,
  folder: string,
  options: KwokOptions = {},
): Promise<Child> {
  const config = join(folder, 'kwok-stages.yaml');
  await writeFile(
    config,
    stagesOf(options)
      .map((stage) => JSON.stringify(stage))
      .join('\n---\n'),
  );
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

const nameBegins = (prefix: string, isSo: boolean) => ({
  key: `.metadata.name | startswith("${prefix}")`,
  operator: isSo ? 'In' : 'NotIn',
  values: ['true'],
});

/** How pods end that run and whose names match. */
function podEnd(name: string, matches: readonly object[], delayMs: number, phase: string, end: string) {
  const isRunning = { key: '.status.phase', operator: 'In', values: ['Running'] };
  return {
    apiVersion: 'kwok.x-k8s.io/v1alpha1',
    kind: 'Stage',
    metadata: { name },
    spec: {
      resourceRef: pod,
      selector: { matchExpressions: [isNotDeleted, isRunning, ...matches] },
      delay: { durationMilliseconds: delayMs },
      next: {
        statusTemplate: `{{ $now := Now }}
${containers(`{terminated: {${end}, finishedAt: {{ $now | Quote }}}}`, false)}
phase: ${phase}
`,
      },
    },
  };
}

const stagesOf = ({ podMs = 2_000, lastWords }: KwokOptions) => [
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
  podEnd(
    'pod-complete',
    [lastingPrefix, failingPrefix, silentPrefix].map((prefix) => nameBegins(prefix, false)),
    podMs,
    'Succeeded',
    `exitCode: 0, reason: Completed${lastWords === undefined ? '' : `, message: '${JSON.stringify(lastWords)}'`}`,
  ),
  podEnd(
    'pod-silent',
    [nameBegins(silentPrefix, true)],
    podMs,
    'Succeeded',
    'exitCode: 0, reason: Completed',
  ),
  podEnd(
    'pod-fail',
    [nameBegins(failingPrefix, true)],
    podMs,
    'Failed',
    `exitCode: ${exitCodeOf('InvalidRecipe')}, reason: Error`,
  ),
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
