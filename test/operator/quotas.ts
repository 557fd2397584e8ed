import type { ControlPlane } from '../control-plane/start.ts';
import { until } from '../control-plane/until.ts';

/** Bounds what a namespace may use, such as `{ pods: '1' }`, and waits until admission counts by it. */
export async function setQuota(
  controlPlane: ControlPlane,
  namespace: string,
  hard: Readonly<Record<string, string>>,
): Promise<void> {
  const collection = `/api/v1/namespaces/${namespace}/resourcequotas`;
  const quota = { metadata: { name: 'small', namespace }, spec: { hard } };
  const { code } = await controlPlane.fetch('POST', collection, quota);
  if (code === 409) await controlPlane.fetch('PUT', `${collection}/small`, quota);
  await until('the quota counts', async () => {
    const { body } = await controlPlane.fetch('GET', `${collection}/small`);
    const { hard: counted, used } = (body as { status?: { hard?: object; used?: object } }).status ?? {};
    return used !== undefined && JSON.stringify(counted) === JSON.stringify(hard) ? true : undefined;
  });
}
