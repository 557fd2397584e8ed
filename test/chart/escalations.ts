/** Something that would make more of a run than a pod of one's own namespace. */
interface Escalation {
  readonly what: string;
  readonly run: object;
  /** What a pod would show of it. */
  readonly trace: RegExp;
}

/**
 * What the author of a run may try.
 * @param run makes a manifest with these trainers, and more at its top level
 */
export function escalationsOf(
  run: (trainers: object, more?: object) => object,
  namespace: string,
): readonly Escalation[] {
  return [
    { what: 'the network of the node', run: run({ hostNetwork: true }), trace: /hostNetwork/ },
    {
      what: 'the processes of the node',
      run: run({ hostPID: true, hostIPC: true }),
      trace: /hostPID|hostIPC/,
    },
    {
      what: 'a folder of the node',
      run: run({ volumes: [{ name: 'node', mountPath: '/node', hostPath: { path: '/' } }] }),
      trace: /hostPath/,
    },
    {
      what: 'a token of an account',
      run: run({
        volumes: [
          {
            name: 'token',
            mountPath: '/token',
            projected: { sources: [{ serviceAccountToken: { path: 'token' } }] },
          },
        ],
      }),
      trace: /projected|serviceAccountToken/,
    },
    {
      what: 'a disk through a driver',
      run: run({ volumes: [{ name: 'disk', mountPath: '/disk', csi: { driver: 'any' } }] }),
      trace: /"csi"/,
    },
    {
      what: 'a privileged container',
      run: run({ securityContext: { privileged: true, runAsUser: 0, capabilities: { add: ['SYS_ADMIN'] } } }),
      trace: /privileged|SYS_ADMIN|"runAsUser"/,
    },
    {
      what: 'system settings',
      run: run({ securityContext: { sysctls: [{ name: 'kernel.msgmax', value: '1' }] } }),
      trace: /sysctls/,
    },
    { what: 'a node by name', run: run({ nodeName: 'control-plane' }), trace: /nodeName/ },
    { what: 'another scheduler', run: run({ schedulerName: 'other' }), trace: /schedulerName/ },
    {
      what: 'a command of its own',
      run: run({ command: ['sh', '-c', 'id'], args: ['x'] }),
      trace: /"command"|"args"/,
    },
    {
      what: 'a second container',
      run: run({ containers: [{ name: 'more', image: 'more:1' }], initContainers: [{ name: 'more' }] }),
      trace: /"more"|initContainers/,
    },
    {
      what: 'its own token mounted',
      run: run({ automountServiceAccountToken: true }),
      trace: /"automountServiceAccountToken":true/,
    },
    {
      what: 'a Secret of another namespace',
      run: run(
        {},
        {
          checkpoints: {
            uri: 's3://runs',
            credentials: { secretRef: { name: 's3', namespace: 'kube-system' } },
          },
        },
      ),
      trace: /kube-system/,
    },
    {
      what: 'a Secret of another namespace by a path',
      run: run({ volumes: [{ name: 'x', mountPath: '/x', secret: { secretName: '../kube-system/admin' } }] }),
      trace: /kube-system/,
    },
    {
      what: 'variables from a Secret',
      run: run({
        env: [{ name: 'A', value: '', valueFrom: { secretKeyRef: { name: 'a', key: 'b' } } }],
        envFrom: [{ secretRef: { name: 'a' } }],
      }),
      trace: /secretKeyRef|envFrom/,
    },
    {
      what: 'a variable that the operator sets',
      run: run({ env: [{ name: 'RINGMASTER_ASSIGNMENT', value: '{}' }] }),
      trace: /"RINGMASTER_ASSIGNMENT","value":"\{\}"/,
    },
    {
      what: 'labels of its own on pods',
      run: {
        ...run({}),
        metadata: { name: 'digits', namespace, labels: { 'azure.workload.identity/use': 'true' } },
      },
      trace: /workload\.identity/,
    },
    {
      what: 'annotations of its own on pods',
      run: {
        ...run({}),
        metadata: {
          name: 'digits',
          namespace,
          annotations: { 'container.apparmor.security.beta.kubernetes.io/trainer': 'unconfined' },
        },
      },
      trace: /apparmor/,
    },
    {
      what: 'an owner that is somebody else',
      run: {
        ...run({}),
        metadata: {
          name: 'digits',
          namespace,
          ownerReferences: [{ apiVersion: 'apps/v1', kind: 'Deployment', name: 'web', uid: 'x' }],
        },
      },
      trace: /Deployment/,
    },
    {
      what: 'a prototype',
      run: run({ nodeSelector: JSON.parse('{"__proto__": "polluted"}') as object }),
      trace: /polluted/,
    },
  ];
}
