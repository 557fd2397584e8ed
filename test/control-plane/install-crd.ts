import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { load } from 'js-yaml';
import { isObject } from '../../operator/api/v1alpha1/wire-guards.ts';
import { until } from './until.ts';

/** Sends a request as the cluster admin and gives the answer's JSON, whatever its code. */
export type Fetch = (
  method: 'GET' | 'POST' | 'PUT' | 'DELETE',
  path: string,
  body?: unknown,
) => Promise<{ code: number; body: unknown }>;

/** The CRD of runs. */
export const trainingRunCrdFile = crdFile('trainingruns');
/** The CRD of sweeps. */
export const trainingSweepCrdFile = crdFile('trainingsweeps');
/** The CRDs that this project ships; the operator needs all. */
export const shippedCrdFiles: readonly string[] = [trainingRunCrdFile, trainingSweepCrdFile];

function crdFile(plural: string): string {
  return fileURLToPath(new URL(`../../crds/${plural}.ringmaster.dev.yaml`, import.meta.url));
}

/** Installs the CRD of a file and waits until its objects are served. */
export async function installCrd(fetch: Fetch, file: string): Promise<void> {
  const collection = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
  const { code, body } = await fetch('POST', collection, load(await readFile(file, 'utf8')));
  if (code !== 201) throw new Error(`the CRD of ${file} was refused: ${JSON.stringify(body)}`);
  const name = isObject(body) && isObject(body.metadata) ? String(body.metadata.name) : '';
  await until(`the CRD ${name} is served`, async () => {
    const stored = await fetch('GET', `${collection}/${name}`);
    const status = isObject(stored.body) && isObject(stored.body.status) ? stored.body.status : {};
    const conditions: unknown[] = Array.isArray(status.conditions) ? status.conditions : [];
    const isEstablished = conditions.some(
      (condition) => isObject(condition) && condition.type === 'Established' && condition.status === 'True',
    );
    return isEstablished ? true : undefined;
  });
}
