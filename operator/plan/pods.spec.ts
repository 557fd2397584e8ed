import { describe, expect, it } from 'vitest';
import { Assignment } from '../api/trainer/environment.ts';
import { podOf } from './pods.ts';
import { serviceOf } from './services.ts';
import { aRun, settings } from './testing/fixtures.ts';

describe('a trainer pod', () => {
  const run = aRun({
    checkpoints: { uri: 's3://runs/', credentials: { secretRef: { name: 's3' } } },
    trainers: {
      pods: 3,
      gpusPerPod: 4,
      resources: { requests: { cpu: '8' }, limits: { memory: '64Gi' } },
      env: [{ name: 'NCCL_DEBUG', value: 'INFO' }],
      volumes: [
        {
          name: 'data',
          mountPath: '/data',
          readOnly: true,
          persistentVolumeClaim: { claimName: 'imagenet' },
        },
      ],
      terminationGracePeriodSeconds: 300,
    },
    recipe: { preset: 'baseline', batchSize: 240 },
  });
  const pod = podOf(run, 2, 1, settings);
  const [container] = pod.spec.containers;

  it('is named, labelled and owned so that it can be told from pods of other attempts and of a run made again', () => {
    expect(pod.metadata).toMatchObject({
      name: 'digits-2-1',
      namespace: 'vision',
      labels: {
        'ringmaster.dev/run': 'digits',
        'ringmaster.dev/run-uid': 'uid-1',
        'ringmaster.dev/attempt': '2',
        'ringmaster.dev/pod-index': '1',
        'app.kubernetes.io/managed-by': 'ringmaster',
      },
      ownerReferences: [{ kind: 'TrainingRun', name: 'digits', uid: 'uid-1', controller: true }],
    });
    expect(pod.spec).toMatchObject({ hostname: 'digits-2-1', subdomain: 'digits' });
  });

  it('tells the sweep that its run is a trial of', () => {
    const sweep = {
      'ringmaster.dev/sweep': 'tricks',
      'ringmaster.dev/sweep-uid': 'uid-2',
      'ringmaster.dev/trial': '7',
    };
    const trial = { ...run, metadata: { ...run.metadata, labels: { ...sweep, team: 'vision' } } };
    expect(podOf(trial, 1, 0, settings).metadata.labels).toMatchObject(sweep);
    expect(podOf(trial, 1, 0, settings).metadata.labels).not.toHaveProperty('team');
    expect(pod.metadata.labels).not.toHaveProperty('ringmaster.dev/sweep');
  });

  it('asks those who take nodes away to leave its own alone, unless its run says that they may', () => {
    expect(pod.metadata.annotations).toMatchObject({
      'cluster-autoscaler.kubernetes.io/safe-to-evict': 'false',
      'karpenter.sh/do-not-disrupt': 'true',
    });
    const movable = podOf(aRun({ trainers: { disruption: 'Allow' } }), 1, 0, settings);
    expect(movable.metadata.annotations).toMatchObject({
      'cluster-autoscaler.kubernetes.io/safe-to-evict': 'true',
    });
    expect(movable.metadata.annotations).not.toHaveProperty('karpenter.sh/do-not-disrupt');
  });

  it('keeps dollar signs of the spec from being expanded by Kubernetes', () => {
    const costly = podOf(aRun({ checkpoints: { uri: '/runs/$(HOME)/$$' } }), 1, 0, settings);
    const [{ env } = { env: [] }] = costly.spec.containers;
    expect(env?.find(({ name }) => name === 'RINGMASTER_ASSIGNMENT')?.value).toContain(
      '"/runs/$$(HOME)/$$$$"',
    );
  });

  it('is told its place and the whole recipe', () => {
    const text = container?.env?.find(({ name }) => name === 'RINGMASTER_ASSIGNMENT')?.value;
    expect(Assignment.parse(JSON.parse(text ?? ''))).toMatchObject({
      namespace: 'vision',
      run: 'digits',
      runUid: 'uid-1',
      attempt: 2,
      podIndex: 1,
      leader: 'digits-2-0.digits.vision.svc',
      spec: { pods: 3, ranksPerPod: 4, recipe: { batchSize: 240, epochs: 120 } },
    });
    expect(container?.env).toContainEqual({ name: 'NCCL_DEBUG', value: 'INFO' });
    expect(container?.env).toContainEqual({
      name: 'RINGMASTER_POD_IP',
      valueFrom: { fieldRef: { fieldPath: 'status.podIP' } },
    });
  });

  it('requests as many GPUs as it may use', () => {
    expect(container?.resources).toEqual({
      requests: { cpu: '8', 'nvidia.com/gpu': '4' },
      limits: { memory: '64Gi', 'nvidia.com/gpu': '4' },
    });
  });

  it('satisfies the restricted Pod Security Standard', () => {
    expect(pod.spec.securityContext).toEqual({
      runAsNonRoot: true,
      seccompProfile: { type: 'RuntimeDefault' },
    });
    expect(container?.securityContext).toEqual({
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    });
    expect(pod.spec).toMatchObject({
      restartPolicy: 'Never',
      automountServiceAccountToken: false,
      enableServiceLinks: false,
      terminationGracePeriodSeconds: 300,
    });
  });

  it('has scratch space, shared memory, its credentials and the volumes of the run', () => {
    expect(pod.spec.volumes).toEqual([
      { name: 'ringmaster-tmp', emptyDir: {} },
      { name: 'ringmaster-shm', emptyDir: { medium: 'Memory' } },
      { name: 'ringmaster-credentials', secret: { secretName: 's3' } },
      { name: 'data', persistentVolumeClaim: { claimName: 'imagenet' } },
    ]);
    expect(
      container?.volumeMounts?.map(
        ({ mountPath, readOnly }) => `${mountPath} ${readOnly === true ? 'r' : 'rw'}`,
      ),
    ).toEqual(['/tmp rw', '/dev/shm rw', '/var/run/secrets/ringmaster.dev/checkpoints r', '/data r']);
  });

  it("runs the run's image, or the operator's", () => {
    expect(container?.image).toBe('ringmaster/trainer:test');
    const own = podOf(aRun({ trainers: { image: 'registry/mine:1' } }), 1, 0, settings);
    expect(own.spec.containers[0]?.image).toBe('registry/mine:1');
  });
});

describe('the Service of a run', () => {
  it('names pods of this very run before they are ready', () => {
    expect(serviceOf(aRun()).spec).toMatchObject({
      clusterIP: 'None',
      publishNotReadyAddresses: true,
      selector: { 'ringmaster.dev/run-uid': 'uid-1' },
    });
  });
});
