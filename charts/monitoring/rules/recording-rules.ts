/** A series that Prometheus makes of others. */
export interface RecordingRule {
  /** `ringmaster:<what>:<unit or operation>`. */
  readonly record: string;
  readonly expr: string;
}

const byRun = 'namespace, run, sweep';

/** Which pod belongs to which run; made first, as the others join with it. */
const trainerPod = 'ringmaster:trainer_pod:info';

/**
 * A figure of dcgm-exporter for each GPU of a run. It names the pod that has the GPU in `pod`, or in `exported_pod`
 * where Prometheus keeps `pod` for the exporter's own (`honorLabels: false`).
 */
function ofGpus(metric: string, factor: string): string {
  const exported = ['pod', 'namespace'].reduce(
    (expr, label) => `label_replace(${expr}, "${label}", "$1", "exported_${label}", "(.+)")`,
    `${metric}{exported_pod!=""}`,
  );
  return `max by (namespace, pod, gpu) (${exported} or ${metric}{exported_pod="", pod!=""}) * ${factor} * on (namespace, pod) group_left (run, sweep) ${trainerPod}`;
}

export const recordingRules: readonly RecordingRule[] = [
  {
    record: trainerPod,
    // Every pod of a run has this counter, also those without rank 0.
    expr: 'max by (namespace, run, sweep, attempt, pod) (ringmaster_trainer_images_total) * 0 + 1',
  },
  {
    record: 'ringmaster:images:rate5m',
    expr: `sum by (${byRun}) (rate(ringmaster_trainer_images_total[5m]))`,
  },
  {
    record: 'ringmaster:steps:rate5m',
    expr: `sum by (${byRun}) (rate(ringmaster_trainer_step_seconds_count[5m]))`,
  },
  {
    record: 'ringmaster:data_wait:ratio_rate5m',
    expr: `sum by (${byRun}) (rate(ringmaster_trainer_data_wait_seconds_total[5m])) / (sum by (${byRun}) (rate(ringmaster_trainer_step_seconds_sum[5m])) > 0)`,
  },
  {
    record: 'ringmaster:reconcile_errors:ratio_rate10m',
    expr: 'sum by (controller) (rate(controller_runtime_reconcile_errors_total{controller=~"trainingrun|trainingsweep"}[10m])) / (sum by (controller) (rate(controller_runtime_reconcile_total{controller=~"trainingrun|trainingsweep"}[10m])) > 0)',
  },
  { record: 'ringmaster:gpu_utilization:ratio', expr: ofGpus('DCGM_FI_DEV_GPU_UTIL', '0.01') },
  { record: 'ringmaster:gpu_tensor_active:ratio', expr: ofGpus('DCGM_FI_PROF_PIPE_TENSOR_ACTIVE', '1') },
  // dcgm-exporter counts in MiB.
  { record: 'ringmaster:gpu_memory_used:bytes', expr: ofGpus('DCGM_FI_DEV_FB_USED', '1048576') },
  { record: 'ringmaster:gpu_power:watts', expr: ofGpus('DCGM_FI_DEV_POWER_USAGE', '1') },
];
