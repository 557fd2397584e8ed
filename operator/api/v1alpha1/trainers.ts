import * as z from 'zod';
import { DnsLabel, Duration, ObjectName, Quantity } from './scalars.ts';

const LabelMap = z.record(z.string().min(1).max(317), z.string().max(63)).meta({ maxProperties: 32 });

const EnvironmentVariable = z.strictObject({
  name: z
    .string()
    .max(128)
    .regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'must be a C identifier')
    .describe('Name. Names that begin with RINGMASTER_ are taken.'),
  value: z.string().max(4096).describe('Value.'),
});

const Toleration = z.strictObject({
  key: z.string().max(317).optional().describe('Taint key; empty with operator Exists tolerates all.'),
  operator: z
    .enum(['Exists', 'Equal'])
    .default('Equal')
    .describe('How the value is compared. Default Equal.'),
  value: z.string().max(63).optional().describe('Taint value.'),
  effect: z
    .enum(['NoSchedule', 'PreferNoSchedule', 'NoExecute'])
    .optional()
    .describe('Taint effect; empty means all.'),
  tolerationSeconds: z.int().min(0).optional().describe('Seconds to stay on a node after NoExecute.'),
});

const Volume = z.strictObject({
  name: DnsLabel.describe('Name, unique in the pod.'),
  mountPath: z
    .string()
    .min(1)
    .max(1024)
    .regex(/^\//, 'must be an absolute path')
    .describe('Where the container sees it.'),
  readOnly: z.boolean().default(false).describe('Mount read-only. Default false.'),
  persistentVolumeClaim: z
    .strictObject({ claimName: ObjectName.describe('Name of the claim.') })
    .optional()
    .describe('An existing claim.'),
  secret: z
    .strictObject({ secretName: ObjectName.describe('Name of the Secret.') })
    .optional()
    .describe('A Secret, as files.'),
  configMap: z
    .strictObject({ name: ObjectName.describe('Name of the ConfigMap.') })
    .optional()
    .describe('A ConfigMap, as files.'),
  emptyDir: z
    .strictObject({
      medium: z.enum(['', 'Memory']).optional().describe('Memory for a RAM disk.'),
      sizeLimit: Quantity.optional().describe('Most bytes.'),
    })
    .optional()
    .describe('Scratch space that lives as long as the pod.'),
});

/** The gang: how many pods, how many ranks in each, and what they need. A narrow typed part of a pod, no raw template. */
export const Trainers = z.strictObject({
  pods: z.int().min(1).max(1024).default(1).describe('Pods of the gang; all run or none. Default 1.'),
  gpusPerPod: z
    .int()
    .min(1)
    .max(64)
    .default(8)
    .describe('Ranks in each pod, one to a GPU (on a machine without GPUs, one to a CPU slot). Default 8.'),
  gpuResourceName: z
    .string()
    .min(1)
    .max(317)
    .default('nvidia.com/gpu')
    .describe('The extended resource that stands for a GPU. Default nvidia.com/gpu.'),
  image: z
    .string()
    .min(1)
    .max(1024)
    .optional()
    .describe("Trainer image. Default: the operator's own release."),
  resources: z
    .strictObject({
      requests: z
        .record(z.string().max(317), Quantity)
        .optional()
        .meta({ maxProperties: 32 })
        .describe('Requests besides the GPUs.'),
      limits: z
        .record(z.string().max(317), Quantity)
        .optional()
        .meta({ maxProperties: 32 })
        .describe('Limits besides the GPUs.'),
    })
    .optional()
    .describe('CPU, memory and other resources of a pod.'),
  nodeSelector: LabelMap.optional().describe('Labels that a node must have.'),
  tolerations: z.array(Toleration).max(32).optional().describe('Taints that the pods tolerate.'),
  affinity: z
    .looseObject({})
    .optional()
    .meta({ 'x-kubernetes-preserve-unknown-fields': true })
    .describe("A pod's affinity, as in the core API."),
  priorityClassName: ObjectName.optional().describe('Priority class of the pods.'),
  runtimeClassName: ObjectName.optional().describe('Runtime class of the pods.'),
  serviceAccountName: ObjectName.optional().describe(
    'Service account, for workload identity. Its token is not mounted.',
  ),
  env: z
    .array(EnvironmentVariable)
    .max(128)
    .optional()
    .meta({ 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['name'] })
    .describe('More environment variables.'),
  volumes: z
    .array(Volume)
    .max(32)
    .optional()
    .meta({ 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['name'] })
    .describe('Volumes of listed kinds, each mounted in the trainer.'),
  networkIsolation: z
    .boolean()
    .default(true)
    .describe(
      "On a cluster, a NetworkPolicy that lets only the run's own pods reach its ranks, and the operator and Prometheus the supervisor. Default true.",
    ),
  disruption: z
    .enum(['Avoid', 'AfterCheckpoint', 'Allow'])
    .default('Avoid')
    .describe(
      'Whether Cluster Autoscaler and Karpenter may take a node away under a pod that trains. Avoid: not to save money. AfterCheckpoint: only within disruptionWindow of a checkpoint. Allow: they may; the pod saves a checkpoint, and the run goes on elsewhere without a charge. Default Avoid.',
    ),
  disruptionWindow: Duration.default('5m').describe(
    'How long after a checkpoint a move costs little: with disruption AfterCheckpoint pods may be moved for so long, and Kueue is told that a run is a cheaper victim. Default 5m.',
  ),
  terminationGracePeriodSeconds: z
    .int()
    .min(1)
    .max(3600)
    .default(120)
    .describe('Seconds between SIGTERM and SIGKILL, in which the last checkpoint is saved. Default 120.'),
});
export type Trainers = z.output<typeof Trainers>;
