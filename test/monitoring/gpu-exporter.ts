import type { Pod } from '../../operator/api/wire.ts';

/** Figures of a busy GPU, under names and in units of dcgm-exporter (`etc/default-counters.csv`). */
const figures = {
  DCGM_FI_DEV_GPU_UTIL: 93,
  DCGM_FI_DEV_FB_USED: 71_234,
  DCGM_FI_DEV_POWER_USAGE: 412.5,
  DCGM_FI_PROF_PIPE_TENSOR_ACTIVE: 0.42,
};

/** What dcgm-exporter would say if each of these pods had a GPU. No machine of the tests has any. */
export function gpuExposition(pods: readonly Pod[]): string {
  return Object.entries(figures)
    .flatMap(([name, value]) => [
      `# TYPE ${name} gauge`,
      ...pods.map(
        ({ metadata: { name: pod, namespace = 'default' } }, gpu) =>
          `${name}{gpu="${gpu}",UUID="GPU-${gpu}",modelName="NVIDIA H100",Hostname="node-1",container="trainer",namespace="${namespace}",pod="${pod}"} ${value}`,
      ),
      '',
    ])
    .join('\n');
}
