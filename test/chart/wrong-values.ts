/** A value that the chart refuses, and the part of Helm's message that leads to it. */
export interface WrongValue {
  readonly what: string;
  readonly values: Readonly<Record<string, unknown>>;
  readonly says: string;
}

export const wrongValues: readonly WrongValue[] = [
  {
    what: 'a key that is misspelt',
    values: { replica: 3 },
    says: "additional properties 'replica' not allowed",
  },
  { what: 'a replica count in words', values: { replicas: 'two' }, says: "at '/replicas'" },
  { what: 'fewer replicas than none', values: { replicas: -1 }, says: "at '/replicas'" },
  { what: 'half a replica', values: { replicas: 1.5 }, says: "at '/replicas'" },
  { what: 'more replicas than can be of use', values: { replicas: 100 }, says: "at '/replicas'" },
  { what: 'an image as one text', values: { image: 'ringmaster/operator:1' }, says: "at '/image'" },
  { what: 'no repository', values: { 'image.repository': '' }, says: "at '/image/repository'" },
  { what: 'a tag that is a number', values: { 'image.tag': 1.1 }, says: "at '/image/tag'" },
  { what: 'a digest without its algorithm', values: { 'image.digest': 'abc' }, says: "at '/image/digest'" },
  {
    what: 'an unknown way to pull',
    values: { 'image.pullPolicy': 'Sometimes' },
    says: "at '/image/pullPolicy': value must be one of 'Always', 'IfNotPresent', 'Never'",
  },
  { what: 'rights for queues in words', values: { queueing: 'yes' }, says: "at '/queueing'" },
  {
    what: 'pull secrets by name alone',
    values: { imagePullSecrets: ['a'] },
    says: "at '/imagePullSecrets/0'",
  },
  { what: 'an unknown part of the trainer', values: { 'trainer.gpus': 8 }, says: "'gpus' not allowed" },
  {
    what: 'a trainer image by a wrong digest',
    values: { 'trainer.image.digest': 'sha256:1' },
    says: "at '/trainer/image/digest'",
  },
  {
    what: 'a namespace that cannot be',
    values: { watchNamespace: 'Vision_1' },
    says: "at '/watchNamespace'",
  },
  { what: 'several namespaces', values: { watchNamespace: ['a', 'b'] }, says: "at '/watchNamespace'" },
  { what: 'CRDs as a word', values: { 'crds.install': 'yes' }, says: "at '/crds/install'" },
  { what: 'an unknown choice about CRDs', values: { 'crds.upgrade': true }, says: "'upgrade' not allowed" },
  { what: 'keeping CRDs as a word', values: { 'crds.keep': 'true' }, says: "at '/crds/keep'" },
  { what: 'roles as a list', values: { roles: [] }, says: "at '/roles'" },
  { what: 'an aggregation in words', values: { 'roles.aggregate': 'edit' }, says: "at '/roles/aggregate'" },
  { what: 'admission as a switch', values: { admission: false }, says: "at '/admission'" },
  {
    what: 'a priority class that is no list',
    values: { 'admission.priorityClassNames': 'batch' },
    says: "at '/admission/priorityClassNames'",
  },
  {
    what: 'a priority class with a quote, which would end a text of CEL',
    values: { 'admission.priorityClassNames': ["batch', '"] },
    says: "at '/admission/priorityClassNames/0'",
  },
  {
    what: 'a runtime class in capitals',
    values: { 'admission.runtimeClassNames': ['NVIDIA'] },
    says: "at '/admission/runtimeClassNames/0'",
  },
  {
    what: 'an image prefix with a quote, which would end a text of CEL',
    values: { 'admission.imagePrefixes': ["registry.example.com/'"] },
    says: "at '/admission/imagePrefixes/0'",
  },
  {
    what: 'an empty runtime class',
    values: { 'admission.runtimeClassNames': [''] },
    says: "at '/admission/runtimeClassNames/0'",
  },
  {
    what: 'an empty image prefix, which lets all in',
    values: { 'admission.imagePrefixes': [''] },
    says: "at '/admission/imagePrefixes/0'",
  },
  {
    what: 'control-plane nodes as a word',
    values: { 'admission.controlPlaneNodes': 'no' },
    says: "at '/admission/controlPlaneNodes'",
  },
  { what: 'network policies as a switch', values: { networkPolicies: true }, says: "at '/networkPolicies'" },
  {
    what: 'no port of the API server',
    values: { 'networkPolicies.apiServerPorts': [] },
    says: "at '/networkPolicies/apiServerPorts'",
  },
  {
    what: 'a port that cannot be',
    values: { 'networkPolicies.apiServerPorts': [70000] },
    says: "at '/networkPolicies/apiServerPorts/0'",
  },
  {
    what: 'a namespace of Prometheus that cannot be',
    values: { prometheusNamespace: '-' },
    says: "at '/prometheusNamespace'",
  },
  {
    what: 'a disruption budget as a count',
    values: { podDisruptionBudget: 1 },
    says: "at '/podDisruptionBudget'",
  },
  { what: 'an unknown log level', values: { logLevel: 'verbose' }, says: "at '/logLevel'" },
  { what: 'no workers', values: { workers: 0 }, says: "at '/workers'" },
  { what: 'no requests to the API server', values: { 'api.rate': 0 }, says: "at '/api/rate'" },
  { what: 'a burst that is no number', values: { 'api.burst': 'high' }, says: "at '/api/burst'" },
  { what: 'an interval without a unit', values: { 'metrics.interval': 15 }, says: "at '/metrics/interval'" },
  { what: 'monitors as a word', values: { 'metrics.monitors': 'auto' }, says: "at '/metrics/monitors'" },
  {
    what: 'labels that are numbers',
    values: { 'metrics.labels': { release: 1 } },
    says: "at '/metrics/labels/release'",
  },
  {
    what: 'an unknown part of the secure metrics',
    values: { 'metrics.secure.port': 1 },
    says: "'port' not allowed",
  },
  {
    what: 'secure metrics without a certificate',
    values: { 'metrics.secure.enabled': true },
    says: 'metrics.secure.tlsSecret: name a Secret',
  },
  { what: 'runbooks as a list', values: { 'metrics.runbooks': [] }, says: "at '/metrics/runbooks'" },
  { what: 'dashboards as a switch', values: { dashboards: false }, says: "at '/dashboards'" },
  {
    what: 'resources that are none',
    values: { 'resources.limits': { gpus: 1 } },
    says: "'gpus' not allowed",
  },
  {
    what: 'memory that is no quantity',
    values: { 'resources.limits': { memory: 'lots' } },
    says: "at '/resources/limits/memory'",
  },
  { what: 'the root user', values: { runAsUser: 0 }, says: "at '/runAsUser'" },
  { what: 'a user by name', values: { runAsUser: 'node' }, says: "at '/runAsUser'" },
  { what: 'user namespaces as a word', values: { hostUsers: 'no' }, says: "at '/hostUsers'" },
  {
    what: 'a priority class that is no text',
    values: { priorityClassName: 7 },
    says: "at '/priorityClassName'",
  },
  {
    what: 'node labels that are no texts',
    values: { nodeSelector: { gpu: true } },
    says: "at '/nodeSelector/gpu'",
  },
  { what: 'tolerations as a map', values: { tolerations: {} }, says: "at '/tolerations'" },
  { what: 'an affinity as a list', values: { affinity: [] }, says: "at '/affinity'" },
];
