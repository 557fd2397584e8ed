import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { PodGroupApiVersion } from '../../operator/api/pod-group.ts';
import { controlPlaneProgram } from './programs.ts';
import type { ControlPlaneOptions } from './start.ts';

/** How a control plane is told to know gangs, which none does by itself yet. */
export interface NativeGangs {
  /** Of PodGroups. */
  readonly apiVersion: PodGroupApiVersion;
  readonly controlPlane: Pick<
    ControlPlaneOptions,
    'apiServerFlags' | 'controllerManagerFlags' | 'schedulerFlags'
  >;
}

/** As the control plane's version has it: alpha in Kubernetes 1.36, beta and with one gate in 1.37. */
export async function nativeGangs(): Promise<NativeGangs> {
  const { stdout } = await promisify(execFile)(await controlPlaneProgram(), ['kube-apiserver', '--version']);
  const isFirst = stdout.includes('v1.36.');
  const apiVersion = isFirst ? 'scheduling.k8s.io/v1alpha2' : 'scheduling.k8s.io/v1beta1';
  const gates = `--feature-gates=GenericWorkload=true${isFirst ? ',GangScheduling=true' : ''}`;
  return {
    apiVersion,
    controlPlane: {
      apiServerFlags: [gates, `--runtime-config=${apiVersion}=true`],
      controllerManagerFlags: [gates],
      schedulerFlags: [gates],
    },
  };
}
