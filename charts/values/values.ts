import * as z from 'zod';

/**
 * What a person may set of the chart: the one source of its values.yaml, values.schema.json and README. Objects are
 * strict, so that Helm refuses a key that is misspelt instead of leaving it without effect.
 */

const Namespace = z
  .string()
  .max(63)
  .regex(/^([a-z0-9]([-a-z0-9]*[a-z0-9])?)?$/);

const Labels = z.record(z.string().max(317), z.string());

const Digest = z.string().regex(/^(sha256:[a-f0-9]{64})?$/);

/** Of a PriorityClass or a RuntimeClass. As image prefixes, these stand in quotes in CEL and in YAML. */
const ClassName = z
  .string()
  .max(253)
  .regex(/^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/);

const ImagePrefix = z
  .string()
  .max(512)
  .regex(/^[A-Za-z0-9._:/@[\]-]+$/);

const Port = z.int().min(1).max(65_535);

const Quantity = z.union([z.number().min(0), z.string().regex(/^[0-9.]+(m|k|[KMGTPE]i?)?$/)]);

/** Parts of a pod that Kubernetes checks itself. */
const PodPart = z.record(z.string(), z.unknown());

/** An image by its tag, or, which wins, by its digest. */
function image(repository: string, what: string) {
  return {
    repository: z.string().min(1).default(repository).describe(`Repository of ${what}.`),
    tag: z.string().max(128).default('').describe("Default: the chart's appVersion."),
    digest: Digest.default('').describe('`sha256:...`; given, the tag has no effect.'),
  };
}

const resourceList = z.strictObject({
  cpu: Quantity.optional(),
  memory: Quantity.optional(),
  'ephemeral-storage': Quantity.optional(),
});

export const Values = z.strictObject({
  replicas: z
    .int()
    .min(0)
    .max(10)
    .default(2)
    .describe('Replicas of the operator. One leads; the others take over within seconds.'),
  image: z
    .strictObject({
      ...image('ringmaster/operator', 'the operator'),
      pullPolicy: z.enum(['Always', 'IfNotPresent', 'Never']).default('IfNotPresent'),
    })
    .prefault({}),
  imagePullSecrets: z
    .array(z.strictObject({ name: z.string().min(1).max(253) }))
    .default([])
    .describe("Secrets of the operator's namespace with which its image is pulled."),
  trainer: z
    .strictObject({
      image: z
        .strictObject(image('ringmaster/trainer', 'trainer pods whose run names no image'))
        .prefault({}),
    })
    .prefault({}),
  watchNamespace: Namespace.default('').describe(
    'Act on the runs of this namespace only, with rights in no other. Default: all. The CRDs, the admission policies and the roles for users are of the whole cluster nevertheless; whoever may not make them sets crds.install, admission.enabled and roles.aggregate to false.',
  ),
  crds: z
    .strictObject({
      install: z
        .boolean()
        .default(true)
        .describe(
          'Install and upgrade the CRDs with this release. One release of a cluster has them; others set this to false.',
        ),
      keep: z
        .boolean()
        .default(true)
        .describe('Leave the CRDs, and with them every run and sweep, where they are on `helm uninstall`.'),
    })
    .prefault({}),
  roles: z
    .strictObject({
      aggregate: z
        .boolean()
        .default(true)
        .describe(
          'ClusterRoles that let whoever has the roles view, edit or admin of a namespace see, or write, its runs and sweeps.',
        ),
    })
    .prefault({}),
  admission: z
    .strictObject({
      enabled: z
        .boolean()
        .default(true)
        .describe(
          'ValidatingAdmissionPolicies for what the schema of a run cannot say, as it depends on who asks and on this cluster.',
        ),
      priorityClassNames: z
        .array(ClassName)
        .max(64)
        .default([])
        .describe("Priority classes that runs may have. Empty: any but the system's own (system-...)."),
      runtimeClassNames: z
        .array(ClassName)
        .max(64)
        .default([])
        .describe('Runtime classes that runs may have. Empty: any.'),
      imagePrefixes: z
        .array(ImagePrefix)
        .max(64)
        .default([])
        .describe(
          'What the images of runs must begin with, such as `registry.example.com/`. Empty: anything.',
        ),
      controlPlaneNodes: z
        .boolean()
        .default(false)
        .describe('Whether runs may tolerate the taints of control-plane nodes.'),
    })
    .prefault({}),
  queueing: z
    .boolean()
    .default(true)
    .describe(
      'Rights for Kueue and for PodGroups of scheduling.k8s.io, which are used where the cluster serves them. Without them runs with a queue name wait for ever, and gangs are placed pod by pod.',
    ),
  networkPolicies: z
    .strictObject({
      runs: z
        .boolean()
        .default(true)
        .describe('A NetworkPolicy for every run, so that nothing but its own pods reaches the collectives.'),
      operator: z
        .boolean()
        .default(true)
        .describe(
          'A NetworkPolicy for the operator: it reaches DNS, the API server and trainers; Prometheus reaches its metrics.',
        ),
      apiServerPorts: z
        .array(Port)
        .min(1)
        .max(8)
        .default([443, 6443])
        .describe('Ports on which the API server listens, behind its Service and in itself.'),
    })
    .prefault({}),
  prometheusNamespace: Namespace.default('').describe(
    "Namespace whose Prometheus may read the operator's and the trainers' metrics. Default: any.",
  ),
  podDisruptionBudget: z
    .boolean()
    .default(true)
    .describe('Keep one replica of the operator while nodes are drained. Of no effect with one replica.'),
  logLevel: z
    .enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'])
    .default('info')
    .describe('How much is logged.'),
  workers: z.int().min(1).max(1024).default(16).describe('Runs looked at at once.'),
  api: z
    .strictObject({
      rate: z
        .int()
        .min(1)
        .max(100_000)
        .default(200)
        .describe('Most requests a second to the API server in the long run.'),
      burst: z.int().min(1).max(100_000).default(400).describe('Most requests at once after a pause.'),
    })
    .prefault({}),
  metrics: z
    .strictObject({
      monitors: z
        .boolean()
        .default(true)
        .describe(
          "PodMonitors and a PrometheusRule, where the cluster has Prometheus's operator. Without it, rules/ringmaster.rules.yaml of this chart is the same in a plain file.",
        ),
      interval: z
        .string()
        .regex(/^[0-9]+(ms|s|m|h)$/)
        .default('15s')
        .describe('How often is scraped.'),
      labels: Labels.default({}).describe(
        'Labels by which your Prometheus chooses monitors and rules, such as { release: prometheus }.',
      ),
      secure: z
        .strictObject({
          enabled: z
            .boolean()
            .default(false)
            .describe(
              'Serve the metrics over TLS only, and only to accounts that may get the path /metrics, which the operator asks the API server about; bind them to the ClusterRole <namespace>-<release>-metrics-reader.',
            ),
          tlsSecret: z
            .string()
            .max(253)
            .default('')
            .describe('A Secret of type kubernetes.io/tls of this namespace.'),
          endpoint: PodPart.default({}).describe(
            'What Prometheus needs to know besides, such as authorization and tlsConfig, for the endpoint of the PodMonitor.',
          ),
        })
        .prefault({}),
      runbooks: z
        .string()
        .max(1024)
        .default('docs/runbooks/')
        .describe(
          "What stands before the name of an alert's page in its runbook_url, such as the site of this repository.",
        ),
    })
    .prefault({}),
  dashboards: z
    .strictObject({
      enabled: z.boolean().default(true).describe("ConfigMaps for the sidecar of Grafana's chart."),
      labels: Labels.default({ grafana_dashboard: '1' }).describe('Labels that the sidecar looks for.'),
      annotations: Labels.default({}).describe('Annotations, such as that of the folder.'),
    })
    .prefault({}),
  resources: z
    .strictObject({ requests: resourceList.optional(), limits: resourceList.optional() })
    .default({ requests: { cpu: '100m', memory: '192Mi' }, limits: { memory: '512Mi' } })
    .describe(
      "The heap grows to three quarters of the memory limit. No limit on CPU: it would slow the leader's lease.",
    ),
  runAsUser: z
    .int()
    .min(1)
    .max(4_294_967_294)
    .nullable()
    .default(65_532)
    .describe('User and group of the process. null: as the image, or OpenShift, says.'),
  hostUsers: z
    .boolean()
    .nullable()
    .default(null)
    .describe('false: a user namespace of its own, where the nodes can. Default: as the cluster does.'),
  priorityClassName: z.string().max(253).default('').describe("Priority class of the operator's pods."),
  nodeSelector: Labels.default({}).describe("Labels of the operator's nodes."),
  tolerations: z.array(PodPart).default([]).describe('Taints that the operator tolerates.'),
  affinity: PodPart.default({}).describe(
    'Affinity of the operator. Replicas are spread over nodes where that is possible anyway.',
  ),
  global: PodPart.optional().describe('For charts that have this one as a part; of no effect here.'),
});
export type Values = z.output<typeof Values>;
